"""``hmsplan schema`` and ``hmsplan completion``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import pytest
from jsonschema import Draft202012Validator

from hmsplan.kinds import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from .helpers import Cli


@pytest.mark.parametrize("name", ["resources", "stack", "environment", "state", *KINDS])
def test_a_schema_is_printed_whole(cli: Cli, name: str) -> None:
    """It is a valid one, and everything it refers to is in it; no address of a host is."""
    text = cli.ok("schema", name)
    printed = json.loads(text)
    Draft202012Validator.check_schema(printed)
    for reference in re.findall(r'"\$ref": "([^"]*)"', text):
        assert reference.startswith("#")
        found = printed
        for part in reference.split("/")[1:]:
            found = found[part]
    assert set(re.findall(r"https?://[a-z0-9.-]*hmsplan[a-z0-9.-]*", text)) == set()


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Return a stack whose files know no schema, the one of a host that is gone, one of their own, and CRLF."""
    texts = {
        "hmsplan.yaml": b"version: 1\nstack: test\n",
        "deep/down/a.yaml": b"# yaml-language-server: $schema=https://gone.example/v1/resources.schema.json\n\n"
        b"assistants: {a: {name: A}}\n",
        "own.yaml": b"# mine\n# yaml-language-server: $schema=mine.json\nassistants: {b: {name: B}}\n",
        "crlf.yaml": b"\xef\xbb\xbf# about\r\nnumbers: {main: {phone_number: '+31850000010'}}\r\n",
        "broken.yaml": b"assistants: [\n",
        "empty.yaml": b"",
        "approvals.yaml": b"approvals: []\n",
        "environments/live.yaml": b"variables: {}\n",
        "environments/live/c.yaml": b"assistants: {c: {name: C}}\n",
    }
    for path, data in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


LINE: Final = "# yaml-language-server: $schema="


def test_schemas_are_written_and_named_from_where_each_file_lies(cli: Cli, stack: Path) -> None:
    """A file keeps every other byte, and a modeline that is its author's own; a broken one stands in no way."""
    written = cli("-C", stack, "schema", "--write", "--json").json
    assert written["folder"] == ".hmsplan/schemas"
    schemas = {f".hmsplan/schemas/{name}.schema.json" for name in ("hmsplan", "environment", "resources", "approvals")}
    own = {"hmsplan.yaml", "deep/down/a.yaml", "crlf.yaml", "broken.yaml", "empty.yaml", "approvals.yaml"}
    own |= {"environments/live.yaml", "environments/live/c.yaml"}
    assert set(written["written"]) == schemas | own
    told = {path: (stack / path).read_bytes().decode("utf-8") for path in sorted(own | {"own.yaml"})}
    assert told == {
        "approvals.yaml": f"{LINE}.hmsplan/schemas/approvals.schema.json\n\napprovals: []\n",
        "broken.yaml": f"{LINE}.hmsplan/schemas/resources.schema.json\n\nassistants: [\n",
        "crlf.yaml": f"\ufeff{LINE}.hmsplan/schemas/resources.schema.json\r\n\r\n# about\r\n"
        "numbers: {main: {phone_number: '+31850000010'}}\r\n",
        "deep/down/a.yaml": f"{LINE}../../.hmsplan/schemas/resources.schema.json\n\nassistants: {{a: {{name: A}}}}\n",
        "empty.yaml": f"{LINE}.hmsplan/schemas/resources.schema.json\n",
        "environments/live.yaml": f"{LINE}../.hmsplan/schemas/environment.schema.json\n\nvariables: {{}}\n",
        "environments/live/c.yaml": f"{LINE}../../.hmsplan/schemas/resources.schema.json\n\n"
        "assistants: {c: {name: C}}\n",
        "hmsplan.yaml": f"{LINE}.hmsplan/schemas/hmsplan.schema.json\n\nversion: 1\nstack: test\n",
        "own.yaml": "# mine\n# yaml-language-server: $schema=mine.json\nassistants: {b: {name: B}}\n",
    }
    again = cli("-C", stack, "schema", "--write")
    assert (again.code, again.out) == (0, "")
    assert "up to date" in again.err


def test_written_schemas_offer_the_addresses_of_the_stack_and_take_others(cli: Cli, stack: Path) -> None:
    """A new address is valid before it is offered, and a second --write offers it."""
    cli.ok("-C", stack, "schema", "--write")
    place = stack / ".hmsplan/schemas/resources.schema.json"
    written = json.loads(place.read_bytes())
    assert '"${assistants.a}","${assistants.b}","${assistants.c}"' in place.read_text("utf-8")
    number = {"numbers": {"x": {"phone_number": "+31850000011", "agent_id": "${assistants.another}"}}}
    assert Draft202012Validator(written).is_valid(number)
    (stack / "new.yaml").write_text("assistants: {another: {name: C}}\n", "utf-8")
    cli.ok("-C", stack, "schema", "--write")
    assert '"${assistants.a}","${assistants.another}","${assistants.b}","${assistants.c}"' in place.read_text("utf-8")


def test_schemas_go_to_another_folder_of_the_stack(cli: Cli, stack: Path) -> None:
    cli.ok("-C", stack, "schema", "--write", "editor/schemas")
    assert (stack / "editor/schemas/resources.schema.json").exists()
    assert (stack / "deep/down/a.yaml").read_text("utf-8").startswith(f"{LINE}../../editor/schemas/resources.")
    assert not (stack / ".hmsplan").exists()


@pytest.mark.parametrize("folder", ["..", ".", "/tmp/elsewhere", "link/schemas"])
def test_schemas_stay_in_the_stack(cli: Cli, stack: Path, folder: str) -> None:
    """Nothing is written elsewhere, also not through a link."""
    outside = stack.parent / f"{stack.name}-outside"
    outside.mkdir()
    (stack / "link").symlink_to(outside)
    before = (stack / "hmsplan.yaml").read_bytes()
    result = cli("-C", stack, "schema", "--write", folder)
    assert result.code == 1
    assert "Path outside the stack" in result.err
    assert list(outside.iterdir()) == []
    assert (stack / "hmsplan.yaml").read_bytes() == before


def test_one_kind_is_not_written(cli: Cli, stack: Path) -> None:
    result = cli("-C", stack, "schema", "assistants", "--write")
    assert result.code == 1
    assert "Leave out KIND" in result.err


def test_resource_files_are_what_is_meant_without_a_word(cli: Cli) -> None:
    """The schema that people look for."""
    assert cli.ok("schema") == cli.ok("schema", "resources")


def test_parts_of_schemas_are_none_of_their_own(cli: Cli) -> None:
    """common is only there to be referred to."""
    result = cli("schema", "common")
    assert result.code == 1
    assert "assistants" in result.err


@pytest.mark.parametrize(
    ("shell", "mark"),
    [
        ("bash", "complete -o"),
        ("zsh", "#compdef hmsplan"),
        ("fish", "complete -c hmsplan"),
        ("powershell", "Register-ArgumentCompleter -Native -CommandName hmsplan"),
    ],
)
def test_a_completion_script_is_printed(cli: Cli, shell: str, mark: str) -> None:
    """It is a script of that shell, and names our variable."""
    script = cli.ok("completion", shell)
    assert mark in script
    assert "_HMSPLAN_COMPLETE" in script


def test_the_help_says_how_to_install_the_completion(cli: Cli) -> None:
    """One line for each shell."""
    text = cli.ok("completion", "--help")
    assert 'eval "$(hmsplan completion bash)"' in text
    assert "~/.zshrc" in text
    assert "hmsplan completion fish | source" in text


def test_an_unknown_shell_is_an_error(cli: Cli) -> None:
    """The message names those there are."""
    result = cli("completion", "csh")
    assert result.code == 1
    assert "'bash', 'zsh', 'fish'" in result.err
