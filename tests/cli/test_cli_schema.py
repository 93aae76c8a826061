"""``hmsplan schema`` and ``hmsplan completion``."""

from __future__ import annotations

import json

import pytest

from hmsplan.config import schema
from hmsplan.kinds import KINDS

from .helpers import Cli, process


@pytest.mark.parametrize("name", ["resources", "stack", "environment", "state", *KINDS])
def test_a_schema_is_printed_as_it_is_published(cli: Cli, name: str) -> None:
    """The bytes of the file that ships with hmsplan."""
    printed = json.loads(cli.ok("schema", name))
    assert printed == schema.documents().get(printed["$id"], printed)
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_resource_files_are_what_is_meant_without_a_word(cli: Cli) -> None:
    """The schema that people look for."""
    assert cli.ok("schema") == cli.ok("schema", "resources")


def test_parts_of_schemas_are_none_of_their_own(cli: Cli) -> None:
    """common is only there to be referred to."""
    result = cli("schema", "common")
    assert result.code == 1
    assert "assistants" in result.err


@pytest.mark.parametrize(
    ("shell", "mark"), [("bash", "complete -o"), ("zsh", "#compdef hmsplan"), ("fish", "complete")]
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


@pytest.mark.parametrize(
    ("words", "at", "offered"), [("hmsplan dr", 1, "drift"), ("hmsplan schema anal", 2, "analysis_templates")]
)
def test_completion_completes(words: str, at: int, offered: str) -> None:
    """What the script asks is answered."""
    result = process(_HMSPLAN_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(at))
    assert f"plain,{offered}" in result.out.splitlines()
