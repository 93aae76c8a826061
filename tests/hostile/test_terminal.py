"""Names that are commands to a terminal, a CI log or a renderer: shown as what they are, by every command."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from .server import FORBIDDEN, HostileServer, Said, answer, hmsplan, serving, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIVE_NAMES = {
    "window title": "A\x1b]0;pwned\x07",
    "colour of C1": "A\x9b31;5m",
    "a link": "A\x1b]8;;https://evil.example\x1b\\safe\x1b]8;;\x1b\\",
    "clear screen": "A\x1b[2J\x1b[H",
    "carriage return": "A\rPlan: 0 to add",
    "backspaces": "A\x08\x08\x08\x7f",
    "text from right to left": "A\u202e\u2066evil",
    "marks of Arabic and Hebrew": "A\u200e\u200f\u061c",
    "nothing visible": "A\u200b\u2060\ufeff\U000e0041",
    "lines of their own": "A\u2028\u2029\x85\x0b\x0c",
    "mask command": "A\n::add-mask::Plan",
    "output command": "A\r\n::set-output name=digest::x",
    "stop command": "::stop-commands::x\n::error::x",
    "command of the old form": "##[error]A ##vso[task.setvariable]x",
    "fake ending": "A\nPlan: 0 to add, 0 to change, 0 to destroy, 0 to adopt.\nDigest: sha256:0",
    "forty kilobytes": "A\x1b" * 20_000,
}
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
QUOTED = r'"(?:[^"\\]|\\.)*"'
DOT = re.compile(
    r"digraph hmsplan \{|\}|  (?:rankdir=LR|node \[shape=box\]"
    rf"|{QUOTED}(?: -> {QUOTED})?(?: \[(?:label={QUOTED}|style=dashed)\])?);"
)
MERMAID = re.compile(
    r'flowchart LR|  n\d+(?:\["[^"<>\[\](){}|`]*(?:<br/>[^"<>\[\](){}|`]*)?"\]| -->(?: )?n\d+| -\.-> n\d+)'
)


def check(said: Said, *, colored: bool = False) -> None:
    """Fail if anything in it acts on a terminal, or begins a line as a command of a CI log."""
    text = COLOUR.sub("", said.all) if colored else said.all
    assert (found := FORBIDDEN.search(text)) is None, text[max(found.start() - 80, 0) : found.start() + 20]
    for line in text.split("\n"):
        assert not line.lstrip().startswith("::"), line
        assert "##[" not in line


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with serving() as server:
        yield server


@pytest.mark.parametrize("name", LIVE_NAMES)
def test_no_live_text_acts(tmp_path: Path, server: HostileServer, name: str) -> None:
    """As a name, a field, an unknown field, an id and an error, in every command that shows one."""
    text = LIVE_NAMES[name]
    root = write(
        tmp_path,
        {
            "a.yaml": "assistants:\n  a: {name: A, first_message: Hello}\n  b: {name: B, "
            "webhook_events: [tool-calls]}\n"
            "numbers:\n  n: {phone_number: '+31850000001', agent_id: '${assistants.a}'}\n",
        },
    )
    server.keep("/assistants", {"name": "B"}, f"b-{text[:100]}")
    assert hmsplan(root, "apply", "-y", url=server.url).code == 0
    a = next(each for each in server.objects["/assistants"].values() if each["name"] == "A")
    a |= {"first_message": text, text[:1000]: text, "llm_config": {"provider": text, "tools": [{"name": text}]}}
    server.keep("/assistants", {"name": text})
    server.keep("/numbers", {"phone_number": text, "agent_id": a["id"]})
    server.keep("/campaigns", {"name": text, "agent_id": a["id"], "status": text})
    plan = str(root / "plan.json")
    for words in (
        ("plan", "-o", plan),
        ("plan", "--show-unchanged"),
        ("plan", "--json"),
        ("plan", "--destroy"),
        ("show", plan),
        ("show", plan, "--json"),
        ("drift", "--unmanaged"),
        ("drift", "--json"),
        ("state", "list"),
        ("state", "show", "assistants.b"),
        ("state", "pull"),
        ("import", "assistants.a", text[:100].replace("\0", "") or "x"),
        ("export", str(root / "out")),
        ("doctor",),
        ("apply", "-y"),
        ("state", "rm", "assistants.b"),
    ):
        said = hmsplan(root, *words, url=server.url)
        check(said)
        if "--json" in words and said.out:
            json.loads(said.out)
    check(hmsplan(root, "plan", url=server.url, FORCE_COLOR="1"), colored=True)


def test_marks_of_arabic_and_hebrew_are_text_and_are_seen(tmp_path: Path, server: HostileServer) -> None:
    """In YAML, a prompt and a list of leads: sent as they are, shown by number, and exported again."""
    text = "\u0645\u0631\u062d\u0628\u0627\u200f!\u200e \u061c"
    root = write(
        tmp_path / "stack",
        {
            "a.yaml": f"assistants:\n  a: {{name: A, first_message: '{text}', voicemail_message: '${{file:p.md}}'}}\n",
            "p.md": text,
            "c.yaml": "campaigns:\n  c: {name: C, agent_id: '${assistants.a}', schedule_start_time: '09:00',\n"
            "      schedule_end_time: '17:00', timezone: Europe/Amsterdam, leads: '${csv:leads.csv}'}\n",
            "leads.csv": f"phone_number,name\n+31612345678,{text}\n",
        },
    )
    for form in ("text", "json", "markdown", "html"):
        said = hmsplan(root, "plan", "--format", form, url=server.url)
        check(said)
        assert said.code == 0, said
        assert r"\u200f!\u200e \u061c" in said.out
    write(root, {"c.yaml": ""})
    assert hmsplan(root, "apply", "-y", url=server.url).code == 0
    (live,) = server.objects["/assistants"].values()
    assert (live["first_message"], live["voicemail_message"]) == (text, text)
    said = hmsplan(root, "export", str(tmp_path / "out"), url=server.url)
    left = said.err.partition("not in these files:")[2].partition("Not exported")[0].split()
    assert (said.code, [word for word in left if "." in word]) == (0, ["organization.main:"]), said
    again = hmsplan(tmp_path / "out", "plan", url=server.url)
    assert "No changes" in again.out, again


@pytest.mark.parametrize("name", LIVE_NAMES)
def test_no_error_of_the_api_acts(tmp_path: Path, server: HostileServer, name: str) -> None:
    """Neither in JSON nor as a page, a header or a status; for a read and for a write."""
    text = LIVE_NAMES[name][:500]
    root = write(tmp_path, {"a.yaml": "assistants: {a: {name: A}}\n"})
    one_line = re.sub("[\r\n\x85\u2028\u2029\x0b\x0c]", " ", text).encode("utf-8").decode("latin-1")
    bodies = ({"error": text, "details": [text, {text: text}]}, text.encode(), f"<title>{text}</title>".encode())
    for status in ("400 Bad", "500 Error"):
        for body in bodies:
            server.lie = lambda method, _, status=status, body=body: (
                answer(status, body, f"X-Request-Id: {one_line}") if method == "POST" else None
            )
            check(hmsplan(root, "apply", "-y", url=server.url))
            server.lie = lambda *_, status=status, body=body: answer(status, body, f"X-Request-Id: {one_line}")
            check(hmsplan(root, "plan", url=server.url))
            check(hmsplan(root, "doctor", url=server.url))
    server.lie = lambda *_: answer("302 Found", b"", f"Location: {one_line}")
    check(hmsplan(root, "plan", url=server.url))


@pytest.mark.parametrize(
    "text",
    [
        "::add-mask::A",
        "A\n::stop-commands::x",
        "A\u200b\U000e0041\ufeff",
        '"]; evil [label="x"',
        '"] --> evil\nclick n0 "https://evil.example"',
        "`;;#quot;<script>alert(1)</script>",
        "A\\",
        "%%{init: {}}%%",
        "end\nsubgraph x",
        "[bold red]A[/] {0} %s $(id) `id`",
    ],
)
def test_no_text_of_a_stack_acts(tmp_path: Path, server: HostileServer, text: str) -> None:
    """What a pull request calls its assistants: in errors, warnings, plans and graphs."""
    name = json.dumps(text, ensure_ascii=False)
    files = {
        "a.yaml": f"assistants:\n  a: {{name: {name}, first_message: {name}}}\n  b: {{name: {name}}}\n"
        f"numbers:\n  n: {{phone_number: '+31850000001', agent_id: '${{assistants.a}}'}}\n"
    }
    root = write(tmp_path, files)
    for words in (
        ("validate",),
        ("plan",),
        ("graph",),
        ("graph", "--format", "dot"),
        ("explain", "assistants.a"),
        ("fmt", "--diff"),
        ("apply", "-y"),
    ):
        check(said := hmsplan(root, *words, url=server.url))
        if words[0] == "graph":
            check_graph(said.out)
    broken = f"assistants:\n  a: {{name: {name}, {name}: {name}, is_active: {name}}}\n  {name}: {{}}\n{name}: {name}\n"
    said = hmsplan(write(root, {"a.yaml": broken}), "validate")
    assert said.code == 3
    check(said)
    check(hmsplan(root, "validate", "--format", "json"))


def check_graph(text: str) -> None:
    """Hold every line against the few forms there are: names are text in quotes, never lines of their own."""
    lines = text.rstrip("\n").split("\n")
    form = DOT if text.startswith("digraph") else MERMAID
    assert all(form.fullmatch(line) for line in lines), lines


def test_a_key_that_is_no_word_never_becomes_an_address(tmp_path: Path) -> None:
    """Addresses are printed as they are, so they hold nothing but letters, digits, _ and -."""
    for key in ("a b", "a\u202e", "a;b", "$(id)", "::x", "-a", "a.b", "a:b"):
        said = hmsplan(write(tmp_path, {"a.yaml": f"assistants: {{{json.dumps(key)}: {{name: A}}}}\n"}), "validate")
        assert said.code == 3
        check(said)


def test_formulas_of_a_spreadsheet_stay_texts(tmp_path: Path, server: HostileServer) -> None:
    """A cell is sent as it is and run by nobody; no report of ours is a spreadsheet."""
    root = write(
        tmp_path,
        {
            "a.yaml": "assistants: {a: {name: A}}\ncampaigns:\n  c: {name: C, agent_id: '${assistants.a}', "
            "schedule_start_time: '09:00', schedule_end_time: '17:00', timezone: Europe/Amsterdam, "
            "leads: '${csv:l.csv}'}\n",
            "l.csv": "phone_number,x\n+31612345678,=cmd|'/C calc'!A0\n+31612345679,@SUM(1)\n",
        },
    )
    said = hmsplan(root, "plan", "--json", url=server.url)
    assert said.code == 0, said
    check(said)
    assert "=cmd" not in said.out  # of leads a plan shows only how many, and masked numbers
