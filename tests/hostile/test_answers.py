"""Bad answers: whatever comes back from the API, nothing is created or deleted on its word.

The real command line against a server of our own. All limits are off and all risks allowed, so that what holds a
write back is the reading alone.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from .server import HostileServer, answer, hmsplan, serving, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COUNT = 60
LOOSE = """\
version: 1
stack: hostile
safety: {max_deletes: 1000, max_delete_share: 100%, settle_grace: 0s}
"""
APPLY = ("apply", "-y", "--allow", "*")
DESTROY = (*APPLY, "--destroy")


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, HostileServer]]:
    """Apply sixty assistants and one template honestly."""
    declared = "".join(f"  a{number}: {{name: Assistant {number}}}\n" for number in range(COUNT))
    template = "analysis_templates:\n  t: {name: T, system_prompt: s, user_prompt: u, schema: {type: object}}\n"
    root = write(
        tmp_path_factory.mktemp("stack"), {"hmsplan.yaml": LOOSE, "a.yaml": f"assistants:\n{declared}{template}"}
    )
    with serving() as server:
        said = hmsplan(root, *APPLY, url=server.url)
        assert said.code == 0, said
        assert len(server.objects["/assistants"]) == COUNT
        yield root, server


class Scene:
    """The applied stack, and a server about to lie."""

    def __init__(self, root: Path, server: HostileServer) -> None:
        self.root, self.server = root, server
        self.listed = list(server.objects["/assistants"].values())
        self.before = self.state()

    def state(self) -> bytes:
        folder = self.root / ".hmsplan" / "default"
        return b"".join((folder / name).read_bytes() for name in ("state.json", "journal.jsonl"))

    def check_nothing_happens(self, lie: Callable[[str, str], bytes | None], code: int, *commands: Any) -> None:
        """Tell *lie* to each command: it exits with *code*, writes nothing and remembers nothing."""
        self.server.lie = lie
        for command in commands or (("plan",), APPLY, DESTROY):
            said = hmsplan(self.root, *command, url=self.server.url)
            assert (said.code, self.server.writes) == (code, []), (command, said)
        assert self.state() == self.before


@pytest.fixture
def scene(applied: tuple[Path, HostileServer]) -> Iterator[Scene]:
    root, server = applied
    objects = {path: dict(found) for path, found in server.objects.items()}
    server.requests.clear()
    yield Scene(root, server)
    server.lie, server.objects = None, objects


def of_list(body: bytes) -> Callable[[str, str], bytes | None]:
    """Lie about the list of assistants only."""
    return lambda method, target: body if (method, target.partition("?")[0]) == ("GET", "/assistants") else None


def whole(scene: Scene) -> bytes:
    return json.dumps({"assistants": scene.listed}).encode()


def chunked(*pieces: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


LIES: dict[str, Callable[[bytes], bytes]] = {
    "no body": lambda _: answer("200 OK"),
    "no content": lambda _: answer("204 No Content"),
    "a page of a proxy": lambda _: answer("200 OK", b"<html><title>Log in</title></html>"),
    "garbage": lambda _: answer("200 OK", bytes(range(256))),
    "JSON cut in the middle": lambda body: answer("200 OK", body[: len(body) // 2]),
    "JSON closed too early": lambda _: answer("200 OK", b'{"assistants":[]'),
    "a body shorter than announced": lambda body: answer("200 OK", body[:-100], length=len(body)),
    "chunks without an end": lambda body: chunked(body[:200]),
    "gzip cut in the middle": lambda body: answer("200 OK", zlib.compress(body)[:-9], "Content-Encoding: deflate"),
    "null": lambda _: answer("200 OK", b"null"),
    "a bare list": lambda _: answer("200 OK", b"[]"),
    "an empty object": lambda _: answer("200 OK", b"{}"),
    "another envelope": lambda _: answer("200 OK", {"results": []}),
    "no list in the envelope": lambda _: answer("200 OK", {"assistants": None}),
    "an object in the envelope": lambda _: answer("200 OK", {"assistants": {}}),
    "an error with a success": lambda _: answer("200 OK", {"success": False, "error": "database"}),
    "items without ids": lambda _: answer("200 OK", {"assistants": [{"name": "x"}]}),
    "ids that are no text": lambda _: answer("200 OK", {"assistants": [{"id": 7}]}),
    "texts in place of objects": lambda _: answer("200 OK", {"assistants": ["a"]}),
    "not a number": lambda _: answer("200 OK", b'{"assistants":[],"total":NaN}'),
    "brackets without end": lambda _: answer("200 OK", b'{"assistants":' + b"[" * 100_000),
    "brackets and their ends": lambda _: answer("200 OK", b'{"assistants":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "the list twice, once empty": lambda body: answer("200 OK", body[:-1] + b',"assistants":[]}'),
    "a name twice": lambda body: answer("200 OK", body.replace(b'"name":', b'"name": "x", "name":', 1)),
    "an empty list": lambda _: answer("200 OK", {"assistants": []}),
    "an empty list that says it is whole": lambda _: answer(
        "200 OK", {"assistants": [], "total": 0, "has_more": False}
    ),
    "fewer than its total": lambda _: answer("200 OK", {"assistants": [{"id": "x"}], "total": 61}),
    "one object twice": lambda _: answer("200 OK", {"assistants": [{"id": "x"}, {"id": "x"}]}),
    "unavailable": lambda _: answer("503 Service Unavailable", b"<html>"),
    "an error with an empty list": lambda _: answer("500 Internal Server Error", {"assistants": []}),
    "a page that says not found": lambda _: answer("404 Not Found", b"<html>"),
    "not found": lambda _: answer("404 Not Found", {"assistants": []}),
    "not modified": lambda _: answer("304 Not Modified"),
    "a teapot": lambda _: answer("418 I'm a teapot", {"assistants": []}),
    "half of the answer of another protocol": lambda _: b"HTTP/9.9 maybe\r\n\r\n{}",
}


@pytest.mark.parametrize("name", LIES)
def test_a_bad_list_is_an_error_and_no_write(scene: Scene, name: str) -> None:
    """Not even when everything is to be destroyed."""
    scene.check_nothing_happens(of_list(LIES[name](whole(scene))), 1)


def test_a_storm_of_errors_ends(scene: Scene) -> None:
    """Everything answers 502: the command gives up by itself, with few request."""
    scene.check_nothing_happens(lambda *_: answer("502 Bad Gateway", b"<html>"), 1, APPLY)
    assert len(scene.server.requests) <= 10


@pytest.mark.parametrize("step", [10, 50])
def test_a_capped_list_is_an_error(scene: Scene, step: int) -> None:
    """A list cut at a round length says nothing of what it lacks, bound or not."""
    body = answer("200 OK", {"assistants": scene.listed[:step]})
    scene.check_nothing_happens(of_list(body), 1)


def test_a_stale_list_changes_nothing(scene: Scene) -> None:
    """Three assistants are missing from the list and there by their ids: there is nothing to do."""
    body = answer("200 OK", {"assistants": scene.listed[3:]})
    scene.check_nothing_happens(of_list(body), 0, ("plan", "--detailed-exitcode"), APPLY)


@pytest.mark.parametrize(
    "doubt",
    [
        answer("500 Internal Server Error", {"error": "x"}),
        answer("404 Not Found", b"<html>no such page</html>"),
        answer("200 OK", {"assistant": {"id": "another"}}),
        answer("200 OK", {}),
        answer("403 Forbidden", {"error": "x"}),
        answer("301 Moved Permanently", b"", "Location: /elsewhere"),
    ],
)
def test_what_a_list_lacks_is_gone_only_by_its_own_404(scene: Scene, doubt: bytes) -> None:
    """The list lacks three, and asking for one by its id brings anything but "not found"."""
    body = answer("200 OK", {"assistants": scene.listed[3:]})

    def lie(method: str, target: str) -> bytes | None:
        return doubt if target.startswith("/assistants/") else of_list(body)(method, target)

    scene.check_nothing_happens(lie, 1)


def test_pages_that_drift_are_an_error(scene: Scene) -> None:
    """An object that moves between two pages comes twice, or never: read again, and then an error."""
    page = [{"id": str(number)} for number in range(100)]

    def lie(_: str, target: str) -> bytes | None:
        if not target.startswith("/analysis-templates?"):
            return None
        return answer("200 OK", {"analysis_templates": page, "total": 150})

    scene.check_nothing_happens(lie, 1)


def test_pages_without_end_are_an_error(scene: Scene) -> None:
    """A list that always says that there is more, and repeats itself."""

    def lie(_: str, target: str) -> bytes | None:
        if not target.startswith("/assistants"):
            return None
        return answer("200 OK", {"assistants": scene.listed, "has_more": True, "next": "/assistants?offset=60"})

    scene.check_nothing_happens(lie, 1)


def test_everything_gone_at_once_is_another_account(scene: Scene) -> None:
    """Empty lists and a 404 for each object, consistently: rather a wrong key than sixty deletes; nothing is made."""
    scene.server.objects.clear()

    def lie(_: str, target: str) -> bytes | None:
        return answer("200 OK", {"id": "another"}) if target == "/organizations" else None

    scene.check_nothing_happens(lie, 9, ("plan",), APPLY)


def test_a_write_that_is_answered_by_a_redirect_is_not_repeated(tmp_path: Path) -> None:
    """Nobody knows whether it happened, so it is looked for; the second server hears nothing of it."""
    write(tmp_path, {"a.yaml": "assistants: {a: {name: A}}\n"})
    with serving() as sink, serving() as server:
        server.lie = lambda method, _: (
            answer("307 Temporary Redirect", b"", f"Location: {sink.url}/assistants") if method == "POST" else None
        )
        said = hmsplan(tmp_path, *APPLY, url=server.url)
        assert said.code == 1, said
        assert sink.requests == []
        assert len(server.writes) == 2  # proven absent in between, so it was tried once more


def test_an_answer_that_lies_about_a_delete_is_found_out(tmp_path: Path) -> None:
    """ "204", and it is still shown: the run says so and keeps the binding."""
    write(tmp_path, {"hmsplan.yaml": LOOSE, "a.yaml": "assistants: {a: {name: A}, b: {name: B}}\n"})
    with serving() as server:
        assert hmsplan(tmp_path, *APPLY, url=server.url).code == 0
        write(tmp_path, {"hmsplan.yaml": LOOSE, "a.yaml": "assistants: {a: {name: A}}\n"})
        server.lie = lambda method, _: answer("204 No Content") if method == "DELETE" else None
        said = hmsplan(tmp_path, *APPLY, url=server.url)
        assert (said.code, "still shows it" in said.all) == (1, True), said
