r"""Values that no author could write, in answers of the API: shown, never sent, and nothing else stops for them."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cli.organization import furnish

from hmsplan.emulator import Emulator, running
from hmsplan.kinds import KINDS

from .server import KEY, ORGANIZATION, HostileServer, answer, hmsplan, serving, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HALF = r'"Practice \ud83e"'
ODD = {
    "half of a pair": HALF,
    "half of a pair in a long text": f'"{"many words " * 100}\\ud83e"',
    "half of a pair in a key": r'{"\ud83e": 1}',
    "halves in a list": r'["\ud83e", {"name": "\udd16"}]',
    "1e400": "1e400",
    "1e20": "1" + "0" * 20,
    "400 digits": "9" * 400,
    "5,000 digits": "9" * 5_000,
    "90 levels": "[" * 90 + "]" * 90,
    "240 levels": '{"a": ' * 240 + "1" + "}" * 240,
    "900 levels": "[" * 900 + "]" * 900,
    "a list": '[1, "a", null, {}]',
    "an object": '{"id": 7, "type": [], "name": {}, "provider": [], "function": 7, "server": []}',
    "a list of objects": "[{}]",
    "a number": "-7.5",
    "true": "true",
    "NUL": r'"x\u0000y"',
}
HERE = "@@HERE@@"


def raw(body: Any, odd: str) -> bytes:
    return answer("200 OK", json.dumps(body).replace(f'"{HERE}"', odd).encode())


# One odd object


def stack_and_live(tmp_path: Path, server: HostileServer) -> Path:
    """Two managed assistants and one that is not; nothing to do."""
    root = write(tmp_path, {"a.yaml": ASSISTANTS})
    said = hmsplan(root, "apply", "-y", url=server.url)
    assert said.code == 0, said
    server.keep("/assistants", {"name": "Stranger"})
    server.requests.clear()
    return root


ASSISTANTS = """\
assistants:
  one: {name: One, first_message: Hello, llm_config: {provider: openai, model: gpt-5.4}}
  two: {name: Two, first_message: Hello}
"""


def lie_about(server: HostileServer, name: str, path: tuple[str, ...], odd: str) -> Callable[[str, str], bytes | None]:
    """Give the object called *name* an odd value at *path*, in every answer to a GET."""

    def lie(method: str, target: str) -> bytes | None:
        where = target.partition("?")[0]
        if method != "GET" or not where.startswith("/assistants"):
            return None
        objects = copy.deepcopy(list(server.objects["/assistants"].values()))
        for each in objects:
            if each["name"] == name:
                inner = each
                for part in path[:-1]:
                    inner = inner[part]
                inner[path[-1]] = HERE
        found = [each for each in objects if where.endswith(f"/{each['id']}")]
        return raw({"assistant": found[0]} if found else {"assistants": objects}, odd)

    return lie


def test_an_object_that_is_not_managed_stops_nothing(tmp_path: Path) -> None:
    """Plan, drift, export and import go on; the half is shown as it would be typed in JSON."""
    with serving() as server:
        root = stack_and_live(tmp_path, server)
        server.lie = lie_about(server, "Stranger", ("name",), HALF)
        plan = hmsplan(root, "plan", url=server.url)
        drift = hmsplan(root, "drift", "--unmanaged", url=server.url)
        export = hmsplan(root, "export", str(tmp_path / "out"), url=server.url)
    assert (plan.code, drift.code, export.code) == (0, 0, 0), (plan, drift, export)
    assert "No changes" in plan.out
    assert '"Practice \\ud83e"' in drift.out
    assert "Live, and not in these files:" in export.err
    assert r"its name: Practice \ud83e is a value that no file and no request can hold" in export.err
    assert not [file for file in (tmp_path / "out").rglob("*") if file.is_file() and "\\ud83e" in file.read_text()]


@pytest.mark.parametrize("odd", ["half of a pair", "1e400", "240 levels", "half of a pair in a key"])
def test_an_update_does_not_send_it(tmp_path: Path, odd: str) -> None:
    """The one object fails, by address and field; the other is updated, and the next run says the same."""
    with serving() as server:
        root = stack_and_live(tmp_path, server)
        changed = ASSISTANTS.replace("gpt-5.4", "gpt-5.4-mini").replace(
            "Two, first_message: Hello", "Two, first_message: Hi"
        )
        write(root, {"a.yaml": changed})
        server.lie = lie_about(server, "One", ("llm_config", "note"), ODD[odd])
        for code in (6, 1):
            said = hmsplan(root, "apply", "-y", url=server.url)
            assert said.code == code, said.all
            assert re.search(r"assistants\.one.*Value cannot be sent", said.all, re.DOTALL), said
            assert "llm_config.note" in said.all
        sent = [each.body for each in server.requests if each.method == "PATCH"]
        (two,) = [each for each in server.objects["/assistants"].values() if each["name"] == "Two"]
    assert [json.loads(body) for body in sent] == [{"first_message": "Hi"}]
    assert two["first_message"] == "Hi"


def test_an_update_of_another_field_works(tmp_path: Path) -> None:
    """What is not sent along does not matter; what is declared takes its place."""
    with serving() as server:
        root = stack_and_live(tmp_path, server)
        write(root, {"a.yaml": ASSISTANTS.replace("Hello", "Hi")})
        server.lie = lie_about(server, "One", ("business_name",), HALF)
        assert hmsplan(root, "apply", "-y", url=server.url).code == 0
        server.requests.clear()
        half = lie_about(server, "One", ("first_message",), HALF)
        server.lie = lambda method, target: None if server.writes else half(method, target)
        plan = hmsplan(root, "plan", url=server.url)
        assert r'first_message = "Practice \ud83e" -> "Hi"' in plan.out
        assert hmsplan(root, "plan", "-o", str(tmp_path / "p.json"), url=server.url).code == 0
        assert hmsplan(root, "show", str(tmp_path / "p.json")).code == 0
        assert hmsplan(root, "apply", "-y", str(tmp_path / "p.json"), url=server.url).code == 0
        sent = [json.loads(each.body) for each in server.requests if each.method == "PATCH"]
    assert sent == [{"first_message": "Hi"}]


def test_what_is_typed_as_the_half_is_shown_is_another_text(tmp_path: Path) -> None:
    """The plan says that the name would change, also against a snapshot."""
    with serving() as server:
        root = stack_and_live(tmp_path, server)
        write(root, {"b.yaml": r"assistants: {s: {name: 'Practice \ud83e'}}"})
        server.lie = lie_about(server, "Stranger", ("name",), HALF)
        assert hmsplan(root, "snapshot", "-o", str(tmp_path / "s.json"), url=server.url).code == 0
        live = hmsplan(root, "plan", url=server.url)
        saved = hmsplan(root, "plan", "--against", str(tmp_path / "s.json"))
    for said in (live, saved):
        assert r'name = "Practice \ud83e" -> "Practice \\ud83e"' in said.out, said.out


# Oddness everywhere


@pytest.fixture(scope="module")
def lists() -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Path of a list to its envelope and, for every field at every depth, one object in which it is odd."""
    emulator = Emulator()
    furnish(emulator, KEY)
    found = {}
    with running(emulator) as url, httpx.Client(headers={"Authorization": f"Bearer {KEY}"}) as client:
        for kind in [kind for kind in KINDS.values() if kind.unfold is None]:
            body = client.get(url + kind.path).json()
            name = next(name for name in kind.collection if name in body)
            odd = {tuple("*" if isinstance(part, int) else part for part in path): (item, path)
                   for item in body[name] for path in paths(item) if path != ("id",)}  # fmt: skip
            found[kind.path] = (name, [{**with_odd(item, path), "id": f"{number:08x}-{name}"}
                                       for number, (item, path) in enumerate(odd.values())])  # fmt: skip
    return found


def paths(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*at, key)
        yield from paths(item, (*at, key))


def with_odd(item: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    found: Any = copy.deepcopy(item)
    inner = found
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = HERE
    return dict(found)


@pytest.mark.parametrize("odd", ["half of a pair", "1e400", "90 levels", "a list", "an object"])
def test_whatever_is_odd_nothing_breaks(
    tmp_path: Path, lists: dict[str, tuple[str, list[dict[str, Any]]]], odd: str
) -> None:
    """Some 130 objects, each with one odd value at another place, and none of them managed."""
    root = write(tmp_path, {"a.yaml": "assistants: {mine: {name: Mine}}"})

    def lie(method: str, target: str) -> bytes | None:
        path = target.partition("?")[0]
        if method == "GET" and path.endswith("/leads"):
            return raw({"leads": [{"id": "lead", "phone_number": HERE, "variables": HERE, "status": HERE}]}, ODD[odd])
        return raw({lists[path][0]: lists[path][1]}, ODD[odd]) if method == "GET" and path in lists else None

    with serving(HostileServer(lie=lie)) as server:
        for words in (("plan",), ("drift", "--unmanaged"), ("snapshot", "-o", str(tmp_path / "s.json"))):
            said = hmsplan(root, *words, url=server.url)
            assert said.code == 0, (words, said)
        assert hmsplan(root, "plan", "--against", str(tmp_path / "s.json")).code == 0
        said = hmsplan(root, "export", str(tmp_path / "out"), url=server.url)
        assert said.code == 0, said
        assert ORGANIZATION in said.out


@pytest.mark.parametrize("odd", ODD)
def test_a_managed_field_that_is_odd_is_shown_and_put_right(tmp_path: Path, odd: str) -> None:
    """Whatever stands where a text is expected, at the top or in a block: the plan changes it to what is declared."""
    with serving() as server:
        root = stack_and_live(tmp_path, server)
        for path in (("first_message",), ("llm_config", "model"), ("llm_config",), ("name",)):
            server.lie = lie_about(server, "One", path, ODD[odd])
            for words in (("plan",), ("plan", "--format", "json"), ("drift",), ("plan", "--format", "html")):
                said = hmsplan(root, *words, url=server.url)
                assert said.code == 0, (words, said)
            assert "Plan: 0 to add, 1 to change, 0 to destroy" in hmsplan(root, "plan", url=server.url).out
