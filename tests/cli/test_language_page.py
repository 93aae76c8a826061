"""docs/language.md is true: its files are a stack, its tables name what there is, its output is what is printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hmsplan.config import schema
from hmsplan.config.load import load_stack
from hmsplan.kinds import KINDS
from hmsplan.model import Address, Lifecycle

from .helpers import REPOSITORY, Cli, write

if TYPE_CHECKING:
    from pathlib import Path

FILE = REPOSITORY / "docs" / "language.md"
PAGE = FILE.read_text("utf-8")
SUPPORT = Address("assistants", "support")


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    files = dict(re.findall(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    assert len(files) == len(re.findall(r"^```(?:yaml|markdown)$", PAGE, re.MULTILINE))
    return write(tmp_path / "stack", files)


def rows(title: str) -> list[str]:
    """Return the first cells of the first table below a title."""
    _, _, section = PAGE.partition(f"# {title}\n")
    table = re.search(r"^\|.*?\n\n", section, re.MULTILINE | re.DOTALL)
    assert table is not None
    return re.findall(r"^\| `(.+?)` \|", table[0], re.MULTILINE)


def keys(name: str, *path: str) -> list[str]:
    found: Any = orjson.loads((schema.folder() / name).read_bytes())
    for step in path:
        found = found[step]
    return list(found["properties"])


def test_every_key_has_its_row_and_no_other() -> None:
    assert rows("hmsplan.yaml") == keys("hmsplan.schema.json")
    assert sorted(rows("Environments")) == sorted(keys("environment.schema.json"))
    assert sorted(rows("Lifecycle")) == sorted(keys("kinds/common.schema.json", "$defs", "lifecycle"))
    assert rows("Resources") == [name for name in keys("resources.schema.json") if name not in KINDS]
    (limits,) = re.findall(r"^\| `safety` \| limits past which a plan is refused: (.*) \|$", PAGE, re.MULTILINE)
    assert re.findall(r"`(\w+)`", limits) == keys("hmsplan.schema.json", "$defs", "safety")


def test_the_files_are_a_stack_in_both_environments(stack: Path) -> None:
    """Without a warning; and they mean what the page says."""
    staging, production = load_stack(stack), load_stack(stack, environment="production")
    assert (staging.environment, staging.warnings, production.warnings) == ("staging", (), ())
    assert list(staging.resources) == [SUPPORT, Address("tool_templates", "hang_up")]
    assert production.resources.keys() - staging.resources.keys() == {Address("numbers", "main")}
    assert [each.resources[SUPPORT].spec["max_duration_seconds"] for each in (staging, production)] == [600, 900]
    resource = production.resources[SUPPORT]
    assert resource.spec["gdpr_mode"] is True
    assert resource.spec["stt_config"]["language"] == "nl"
    assert resource.spec["llm_config"]["messages"][0]["content"] == (
        "You answer the phone of Acme Zorg. Be warm. The caller is {{first_name}}.\n"
    )
    assert resource.lifecycle == Lifecycle(prevent_destroy=True, ignore_changes=(("llm_config", "temperature"),))


def test_the_output_is_what_is_printed(cli: Cli, stack: Path, request: pytest.FixtureRequest) -> None:
    """``--update-golden`` writes it again."""
    page = FILE.read_text("utf-8")
    (shown,) = re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    command, _, output = shown.partition("\n")
    said = cli.ok("-C", stack, *command.removeprefix("$ hmsplan ").split())
    if request.config.getoption("--update-golden"):
        FILE.write_text(page.replace(shown, f"{command}\n{said}"), "utf-8")
        output = said
    assert output == said
