"""``hmsplan fmt``: one form for every file, and no file ever says anything else afterwards."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hmsplan.config.yaml_format import CannotFormat, comments, formatted
from hmsplan.config.yaml_parser import parse
from hmsplan.errors import ConfigError

from .helpers import EXAMPLE, Cli, write

if TYPE_CHECKING:
    from pathlib import Path

UGLY = """\
---
# top
assistants:
    a:
        name:   Foo
        phones:
        - +31850835037
        -   017
        # the last one
        no: no   # not a boolean


        times: [09:00,   12:30:45, 2024-01-01]
        notes: >-
            folded
            text
"""
NEAT = """\
---
# top
assistants:
  a:
    name: Foo
    phones:
      - +31850835037
      - 017
    # the last one
    no: no       # not a boolean

    times: [09:00, 12:30:45, 2024-01-01]
    notes: >-
      folded
      text
"""

ODD_TEXTS = (
    "+31850835037",
    "no",
    "yes",
    "off",
    "017",
    "09:00",
    "12:30:45",
    "2024-01-01",
    "1e3",
    "0x1F",
    "1_000",
    ".inf",
    "True",
    "~",
    "null",
    "true",
    "",
    "0",
    "-1",
    "1.50",
    "-0.0",
    "=",
    "'no'",
    '"+31"',
    "''",
    '"a\\tb\\u0041"',
    "${var:x}",
    "x#y",
    "a  b",
    "[1, no, {a: 017}]",
    "{x: +31, 'y': [a, b]}",
    "|\n{i}  lit: x\n\n{i}  # no comment",
    ">-\n{i}  folded\n{i}  more\n\n{i}  para",
    "|+\n{i}  keep\n\n",
    "plain\n{i}  continued",
    '"dq\n{i}  continued"',
    "!!str 1",
)


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0, indent: int = 0, *, lists: bool = False, nested: bool = False) -> str:
    """Write a block in any layout that authors come up with.

    Args:
        lists: it may be a list.
        nested: a list may stand right inside a list, and a comment right behind a dash.
    """
    here, lines = " " * indent, list[str]()
    is_list = lists and draw(st.booleans())
    for number in range(draw(st.integers(1, 3))):
        lines += draw(st.sampled_from([[], [], [], [f"{here}# own"], [""], ["", ""]]))
        head = "-" if is_list else f"{draw(st.sampled_from(['k', 'no key', 'a-b']))}{number}:"
        comment = draw(st.sampled_from(["", "", "", "  # c", "     # no: x"]))
        if depth < 2 and draw(st.booleans()):
            may_list = nested or not is_list
            inner = draw(blocks(depth + 1, indent + draw(st.integers(1, 4)), lists=may_list, nested=nested))
            if is_list and not nested:
                comment, inner = "", re.sub(r"\A(?:\s*#.*\n|\s*\n)+", "", inner)
            lines += [f"{here}{head}{comment}", inner]
        else:
            text = draw(st.sampled_from(ODD_TEXTS)).replace("{i}", f"{here}  ")
            lines.append(f"{here}{head} {text}{'' if chr(10) in text else comment}")
    return "\n".join(lines)


def value_of(data: bytes) -> str | None:
    try:
        return repr(parse(data, "x.yaml").value)
    except ConfigError:
        return None


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(blocks(nested=True))
def test_formatting_changes_nothing_that_is_said(text: str) -> None:
    """The loader reads the same values in the same order and of the same types, and every comment is still there."""
    data = f"{text}\n".encode()
    value = value_of(data)
    if value is None:
        return
    try:
        neat = formatted(data, "x.yaml")
    except CannotFormat:
        return
    assert value_of(neat) == value
    assert [c.text for c in comments(neat.decode())] == [c.text for c in comments(text)]
    assert formatted(neat, "x.yaml") == neat


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(blocks())
def test_what_people_write_can_be_formatted(text: str) -> None:
    """Giving up is for lists inside lists with comments in between, not for everyday files."""
    data = f"{text}\n".encode()
    if value_of(data) is not None:
        neat = formatted(data, "x.yaml").decode()
        assert neat.endswith("\n")
        assert not neat.endswith("\n\n") or "|+" in neat
        assert "\t" not in neat.replace("\\t", "")


@given(st.text())
def test_any_text_is_formatted_or_refused(text: str) -> None:
    """Nothing else ever comes out."""
    data = text.encode("utf-8", "replace")
    try:
        neat = formatted(data, "x.yaml")
    except (ConfigError, CannotFormat):
        return
    assert value_of(neat) == value_of(data)


def test_an_ugly_file_becomes_neat() -> None:
    """Indentation, lists, blank lines; a comment stays with its neighbour; texts are not touched."""
    assert formatted(UGLY.encode(), "x").decode() == NEAT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a: 1", b"a: 1\n"),
        (b"a: 1   \n\n\n", b"a: 1\n"),
        (b"\n\na: 1\n", b"a: 1\n"),
        (b"a: 1\r\nb: |\r\n  x\r\n", b"a: 1\nb: |\n  x\n"),
        (b"\xef\xbb\xbfa: 1\n", b"a: 1\n"),
        (b"# only\n\n\n\n# comments  \n", b"# only\n\n# comments\n"),
        (b"", b""),
        (b"a: |\n  keeps   \n  its spaces  \n", b"a: |\n  keeps   \n  its spaces  \n"),
        (b'a: "\\u200b\\xe9\\U0001F600"\n', 'a: "\\u200bé😀"\n'.encode()),
        (b"a: &x {b: 1}\nc:\n    <<: *x\n", b"a: &x {b: 1}\nc:\n  <<: *x\n"),
    ],
)
def test_small_things(before: bytes, after: bytes) -> None:
    """One end of line, one final newline, no trailing space, no byte order mark; anchors stay."""
    assert formatted(before, "x") == after


def test_a_comment_that_would_get_lost_keeps_its_file_as_it_is(cli: Cli, stack: Path) -> None:
    """The file is named with the reason, and that is no failure."""
    text = (
        "assistants:\n    x:\n        name: X\n        webhook_events: [tool-calls, # why\n            status-update]\n"
    )
    write(stack, {"x.yaml": text})
    result = cli("-C", stack, "fmt", "x.yaml")
    assert result.code == 0
    assert "Left alone: x.yaml: a comment would get lost" in result.err
    assert (stack / "x.yaml").read_text("utf-8") == text
    assert cli("-C", stack, "fmt", "--check", "x.yaml").code == 0


def test_the_example_stack_is_in_form(cli: Cli) -> None:
    """What we show is what fmt writes."""
    result = cli("-C", EXAMPLE, "fmt", "--check")
    assert (result.code, result.out) == (0, "")


def test_check_lists_files_and_writes_nothing(cli: Cli, stack: Path) -> None:
    """It fails, for pipelines."""
    write(stack, {"ugly.yaml": UGLY.replace("a:\n        name", "a:\n        name")})
    before = (stack / "ugly.yaml").read_bytes()
    result = cli("-C", stack, "fmt", "--check")
    assert (result.code, result.out) == (1, "ugly.yaml\n")
    assert f"hmsplan -C {stack} fmt" in result.err
    assert (stack / "ugly.yaml").read_bytes() == before


def test_fmt_writes_the_files_and_lists_them(cli: Cli, stack: Path) -> None:
    """Stack file, environments and resource files; the second time there is nothing to do."""
    write(
        stack,
        {
            "ugly.yaml": UGLY,
            "environments/x.yaml": "variables:   {}\n",
            "environments/y/own.yaml": "assistants:   {}\n",
            "hmsplan.yaml": "version:   1\nstack: s\n",
        },
    )
    result = cli("-C", stack, "fmt")
    assert result.code == 0
    assert set(result.out.split()) == {"ugly.yaml", "environments/x.yaml", "environments/y/own.yaml", "hmsplan.yaml"}
    assert (stack / "ugly.yaml").read_text("utf-8") == NEAT
    assert cli("-C", stack, "fmt").out == ""


def test_diff_shows_what_differs(cli: Cli, stack: Path) -> None:
    """As a patch; with --check nothing is written."""
    write(stack, {"ugly.yaml": UGLY})
    result = cli("-C", stack, "fmt", "--check", "--diff")
    assert "--- a/ugly.yaml" in result.out
    assert "+    name: Foo" in result.out
    assert (stack / "ugly.yaml").read_text("utf-8") == UGLY


def test_only_the_named_files_are_formatted(cli: Cli, stack: Path) -> None:
    """As pre-commit calls it; no stack file is needed for that."""
    write(stack, {"one.yaml": UGLY, "two.yaml": UGLY})
    (stack / "hmsplan.yaml").unlink()
    assert cli("-C", stack, "fmt", "one.yaml").out == "one.yaml\n"
    assert (stack / "two.yaml").read_text("utf-8") == UGLY


def test_a_broken_file_hides_no_other(cli: Cli, stack: Path) -> None:
    """The others are formatted, and the exit code is that of an invalid configuration."""
    write(stack, {"broken.yaml": "a: 1\na: 2\n", "ugly.yaml": UGLY})
    result = cli("-C", stack, "fmt")
    assert result.code == 3
    assert "broken.yaml:2" in result.err
    assert (stack / "ugly.yaml").read_text("utf-8") == NEAT


def test_a_file_keeps_its_permissions(cli: Cli, stack: Path) -> None:
    """And no temporary file is left."""
    write(stack, {"ugly.yaml": UGLY})
    (stack / "ugly.yaml").chmod(0o640)
    cli.ok("-C", stack, "fmt")
    assert stat.S_IMODE((stack / "ugly.yaml").stat().st_mode) == 0o640
    assert [path.name for path in stack.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("name", ["../outside.yaml", "link.yaml", "folder/outside.yaml", "README.md", "nothing.yaml"])
def test_nothing_outside_the_stack_is_written(cli: Cli, stack: Path, name: str) -> None:
    """Not by "..", not by a link to a file, not through a link to a folder."""
    outside = stack.parent / "outside.yaml"
    outside.write_text(UGLY, "utf-8")
    (stack / "link.yaml").symlink_to(outside)
    (stack / "folder").symlink_to(stack.parent)
    (stack / "README.md").write_text("x", "utf-8")
    result = cli("-C", stack, "fmt", name)
    assert result.code == 3
    assert outside.read_text("utf-8") == UGLY


def test_links_are_passed_over_when_the_whole_stack_is_formatted(cli: Cli, stack: Path) -> None:
    """Neither a linked file nor a linked folder of environments is followed."""
    outside = stack.parent / "elsewhere"
    files = {"production.yaml": "variables:   {}\n", "production/a.yaml": "assistants:   {}\n"}
    write(outside, files)
    (stack / "environments").symlink_to(outside)
    (stack / "linked.yaml").symlink_to(outside / "production.yaml")
    assert cli("-C", stack, "fmt").code == 0
    assert {name: (outside / name).read_text("utf-8") for name in files} == files


def test_a_named_pipe_does_not_hang_it(cli: Cli, stack: Path) -> None:
    """A repository can hold one."""
    os.mkfifo(stack / "pipe.yaml")
    assert cli("-C", stack, "fmt", "pipe.yaml").code == 3


def test_machines_read_the_result(cli: Cli, stack: Path) -> None:
    """--json lists what changed and what was left alone."""
    write(stack, {"ugly.yaml": UGLY})
    assert cli("-C", stack, "fmt", "--json").json == {
        "format_version": "1.0",
        "changed": ["ugly.yaml"],
        "left_alone": {},
    }
