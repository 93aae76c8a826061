"""Stacks made to eat time and memory: refused in words, by a process that may have little of either."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import pytest

from hmsplan.config.collect import MAX_RESOURCES
from hmsplan.config.yaml_parser import MAX_FILE_BYTES, MAX_NODES

from .server import KEY, Said, answer, hmsplan, serving, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CPU_S = 30
MEMORY = 1 << 30
LIMITED = f"""\
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({CPU_S}, {CPU_S}))
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from hmsplan.cli import main
main()
"""


def limited(root: Path, *words: str, **env: str) -> Said:
    """Run a command in a process with little memory and little time."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("HMS", "PYTEST", "COV"))}
    command = [sys.executable, "-c", LIMITED, "-C", str(root), *words]
    done = subprocess.run(command, env={**ours, **env}, capture_output=True, text=True, check=False, timeout=120)
    assert "MemoryError" not in done.stderr
    assert "hmsplan has a bug" not in done.stderr, done.stderr[-2000:]
    return Said(done.returncode, done.stdout, done.stderr)


def assistants(*entries: str) -> str:
    return "assistants:\n" + "".join(f"  {entry}\n" for entry in entries)


def doubling(depth: int) -> str:
    copies = (
        f'a{n}: {{name: n{n}, first_message: "{f"${{assistants.a{n + 1}.first_message}}" * 2}"}}' for n in range(depth)
    )
    return assistants(*copies, f"a{depth}: {{name: end, first_message: xxxxxxxx}}")


CAMPAIGN = """\
assistants: {a: {name: A}}
campaigns:
  c: {name: C, agent_id: "${assistants.a}", schedule_start_time: "09:00", schedule_end_time: "17:00",
      timezone: Europe/Amsterdam, leads: "${csv:leads.csv}"}
"""
ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
NEVER = "**/" * 20 + "never.yaml"

BOMBS: Mapping[str, tuple[dict[str, str | bytes], str]] = {
    "aliases of aliases": ({"a.yaml": ALIASES}, "Too many aliases"),
    "an alias of itself": ({"a.yaml": "a: &x [*x]\n"}, "Recursive alias"),
    "20,000 brackets": ({"a.yaml": "a: " + "[" * 20_000}, "Nested too deeply"),
    "20,000 braces": ({"a.yaml": "{a: " * 20_000}, "Nested too deeply"),
    "20,000 dashes": ({"a.yaml": "- " * 20_000 + "x"}, "Nested too deeply"),
    "20,000 levels of blocks": ({"a.yaml": "".join(f"{' ' * n}a:\n" for n in range(2_000))}, "Nested too deeply"),
    "marks of a merge without an end": ({"a.yaml": "<<<<<<< a\n" * 700_000 + ">>>>>>> b\n"}, "Not a resource file"),
    "a template and a million spaces": ({"a.yaml": f"a: {{{{x}}}}{' ' * 2**20}x"}, "Unquoted {{…}}"),
    "a million odd spaces": ({"a.yaml": "\u00a0" * 2**20 + "a: 1"}, "Odd space"),
    "a million values": ({"a.yaml": f"a: [{'0,' * (MAX_NODES + 1)}]"}, "File too large"),
    "too many objects": (
        {"a.yaml": assistants(*(f"a{n}:" for n in range(MAX_RESOURCES + 1)))},
        "Stack too large",
    ),
    "objects without a name": ({"a.yaml": assistants(*(f"a{n}: {{nam: x}}" for n in range(5_000)))}, "Many problems"),
    "unknown fields": (
        {"a.yaml": assistants("a:", "  name: a", *(f"  field{n}: 0" for n in range(10_000)))},
        "Many problems",
    ),
    "the same key again and again": ({"a.yaml": "x: 0\n" * 50_000}, "Many problems"),
    "references to nothing": (
        {
            "a.yaml": assistants(
                *(f'a{n}: {{name: n, first_message: "${{assistants.z{n}.name}}"}}' for n in range(2_000))
            )
        },
        "Many problems",
    ),
    "texts that double": ({"a.yaml": doubling(45)}, "Stack too large"),
    "texts from one to the next": (
        {"a.yaml": doubling(1_000).replace("${assistants", "x${assistants", 1).replace("}${", "} ${")},
        "Copied too often",
    ),
    "a variable in a template again and again": (
        {
            "hmsplan.yaml": f"version: 1\nstack: x\nvariables: {{x: {{default: {'y' * 1_000_000}}}}}\n",
            "a.yaml": assistants('a: {name: a, first_message: "${file:p.tmpl.md}"}'),
            "p.tmpl.md": "${var:x}" * 100_000,
        },
        "Stack too large",
    ),
    "moves from one to the next": (
        {
            "a.yaml": "moved:\n"
            + "".join(f"- {{from: assistants.a{n}, to: assistants.a{n + 1}}}\n" for n in range(10_000))
        },
        "Unknown reference",
    ),
    "a folder of stars": (
        {"hmsplan.yaml": f'version: 1\nstack: x\ninclude: ["{NEVER}"]\n', "a/" * 40 + "b.yaml": "", "b.yaml": "x"},
        "",
    ),
    "a name of stars": (
        {"hmsplan.yaml": f'version: 1\nstack: x\ninclude: ["{"*a" * 20}*b"]\n', "a" * 240 + ".yaml": "x"},
        "",
    ),
    "columns without a name": ({"a.yaml": CAMPAIGN, "leads.csv": "phone_number" + "," * 4_000_000}, "Too many columns"),
    "columns with names": (
        {"a.yaml": CAMPAIGN, "leads.csv": "phone_number," + ",".join(f"{n:x}" for n in range(300_000))},
        "Too many columns",
    ),
    "a quote without an end": (
        {"a.yaml": CAMPAIGN, "leads.csv": 'phone_number,x\n+31612345678,"' + "x\n" * 1_000_000},
        "Unreadable line",
    ),
    "lines without numbers": ({"a.yaml": CAMPAIGN, "leads.csv": "phone_number\n" + "x\n" * 50_000}, "More problems"),
    "a key of a megabyte": ({"a.yaml": f"assistants:\n  ? {'k' * 1_000_000}\n  : {{name: x}}\n"}, ""),
    "a comment of eight megabytes": ({"a.yaml": "#" * MAX_FILE_BYTES}, ""),
    "one file too large": ({"a.yaml": "#" * (MAX_FILE_BYTES + 1)}, "File too large"),
    "all files too large": ({f"{n}.yaml": b"\0" * MAX_FILE_BYTES for n in range(9)}, "Stack too large"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_its_limits(tmp_path: Path, name: str) -> None:
    """In seconds and a gigabyte, with a summary that says what it was; some are no bombs any more."""
    files, summary = BOMBS[name]
    said = limited(write(tmp_path, files), "validate")
    assert said.code == (3 if summary else 0), said.err[-2000:]
    assert f"Error: {summary}" in said.err if summary else "Valid" in said.out
    assert len(said.err) < 1_000_000


@pytest.mark.parametrize("place", ["a.yaml", "p.md", "hmsplan.yaml", "environments/e.yaml"])
@pytest.mark.parametrize("trap", ["10 GB", "pipe", "folder", "/proc/self/environ", "/dev/zero"])
def test_a_file_that_is_a_trap_is_refused_at_once(tmp_path: Path, place: str, trap: str) -> None:
    """A sparse giant, a pipe that nobody writes to, a device: wherever the stack names a file."""
    root = write(tmp_path, {"b.yaml": 'assistants: {a: {name: a, first_message: "${file:p.md}"}}\n', "p.md": "Hello"})
    path = root / place
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if trap == "10 GB":
        path.touch()
        os.truncate(path, 10 * 2**30)
    elif trap == "pipe":
        os.mkfifo(path)
    elif trap == "folder":
        path.mkdir()
    else:
        path.symlink_to(trap)
    said = hmsplan(root, "validate", *(["-e", "e"] if place.startswith("env") else []))
    if (place, trap) == ("a.yaml", "folder"):
        assert said.code == 0
        return
    assert said.code == 3, said
    words = {"10 GB": "File too large", "pipe": "Not a file", "folder": "Not a file"}
    assert f"Error: {words.get(trap, 'Path outside the stack')}" in said.err
    assert "USER=" not in said.err


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system ['touch pwned']", "!!python/name:os.system x", "!cmd x"]
)
def test_a_tag_runs_nothing(tmp_path: Path, tag: str) -> None:
    """There are no commands in a stack, under whatever tag."""
    said = hmsplan(write(tmp_path, {"a.yaml": f"assistants: {{a: {{name: {tag}}}}}\n"}), "validate")
    assert said.code == 3
    assert "Unknown tag" in said.err
    assert not (tmp_path / "pwned").exists()


def tool(parameters: str) -> str:
    return (
        "tool_templates:\n  t: {name: T, tool_type: function, tool_config: {name: t, description: d, "
        f"url: 'https://x.example', parameters: {parameters}}}}}\n"
    )


def test_no_pattern_of_a_user_is_ever_run(tmp_path: Path) -> None:
    """(a+)+$ takes years on forty letters; it is passed on as it is."""
    body = "{type: object, properties: {x: {type: string, pattern: '^(a+)+$', default: " + "a" * 40 + "!}}}"
    said = limited(write(tmp_path, {"t.yaml": tool(body)}), "validate")
    assert said.code == 0, said


@pytest.mark.parametrize("keyword", ["$ref", "$schema", "$id", "$dynamicRef"])
def test_no_schema_of_a_user_is_ever_fetched(tmp_path: Path, keyword: str) -> None:
    """A $ref to a URL would tell its owner about every plan."""
    with serving() as sink:
        body = f"{{type: object, properties: {{x: {{'{keyword}': '{sink.url}/s'}}}}, '{keyword}': '{sink.url}/t'}}"
        hmsplan(write(tmp_path, {"t.yaml": tool(body)}), "validate")
        assert sink.requests == []


def test_a_packed_bomb_in_an_answer_is_dropped(tmp_path: Path) -> None:
    """300 MB of spaces come as one."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    packed = b"".join([*(packer.compress(b" " * 2**20) for _ in range(300)), packer.flush()])
    write(tmp_path, {"a.yaml": "assistants: {a: {name: A}}\n"})
    with serving() as server:
        server.lie = lambda *_: answer("200 OK", packed, "Content-Encoding: gzip")
        said = limited(tmp_path, "plan", HMS_SOVEREIGN_BASE_URL=server.url, HMS_SOVEREIGN_API_KEY=KEY)
        assert (said.code, len(server.requests)) == (1, 1), said
        assert "larger than" in said.err
