"""The documents are true: their links lead somewhere, generated pages are up to date, and what they name exists."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import hmsplan
from hmsplan.config.schema import documents, fields, of_kind
from hmsplan.kinds import KINDS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/*.md")])
EVERYWHERE = {"extends", "extra", "lifecycle"}
DECISIONS = sorted(ROOT.glob("docs/decisions/0*.md"))

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@every_document
def test_every_link_inside_the_repository_leads_to_a_file(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)\s]*)?\)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_no_file_points_to_a_host_of_ours() -> None:
    """There is none: an editor, a reader or a program that follows such an address finds nothing, or somebody else."""
    folders = ("hmsplan", "schemas", "examples", "docs", ".github", "scripts")
    files = [*DOCUMENTS, *(path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())]
    host = re.compile(rb"://[a-z0-9.-]*hmsplan[a-z0-9-]*\.[a-z]{2,}")
    found = {path: host.findall(path.read_bytes()) for path in files if path.suffix not in {".pyc", ".png"}}
    assert {path: hosts for path, hosts in found.items() if hosts} == {}


@every_document
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = re.findall(r"(?:`|^\$ )make ([a-z]+)", path.read_text("utf-8"), re.MULTILINE)
    assert [name for name in named if name not in targets] == []


def test_the_pages_of_kinds_are_what_the_table_and_the_schemas_say() -> None:
    pages: dict[Path, str] = runpy.run_path(str(ROOT / "scripts" / "kinds_page.py"))["pages"]()
    assert {path: path.read_text("utf-8") for path in pages} == pages, "make docs"
    assert set(ROOT.glob("docs/kinds/*.md")) < pages.keys()


def test_the_pages_of_rules_are_what_the_rules_say() -> None:
    pages: dict[Path, str] = runpy.run_path(str(ROOT / "scripts" / "rules_pages.py"))["pages"]()
    assert {path: path.read_text("utf-8") for path in pages if path.is_file()} == pages, "make docs"
    assert set(ROOT.glob("docs/rules/*.md")) < pages.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_kind_has_every_field_of_its_schema(kind: str) -> None:
    page = (ROOT / "docs" / "kinds" / f"{kind}.md").read_text("utf-8")
    _, _, table = page.partition("\n## Fields\n")
    first = re.split(r"^#", table, maxsplit=1, flags=re.MULTILINE)[0]
    named = re.findall(r"^\| `(\w+)` \| .+ \| (.*) \| (.+) \|$", first, re.MULTILINE)
    assert [name for name, _, _ in named] == [name for name in fields(kind) if name not in EVERYWHERE]
    needed = documents()[of_kind(kind)].get("required", ())
    assert {name for name, required, _ in named if required == "yes"} == set(needed)
    secrets = {pattern[0] for pattern in KINDS[kind].secrets if len(pattern) == 1}
    assert {name for name, _, told in named if "**Secret.**" in told} == secrets


def test_the_page_of_mistakes_is_what_broken_stacks_are_told() -> None:
    page: str = runpy.run_path(str(ROOT / "scripts" / "mistakes_page.py"))["page"]()
    assert (ROOT / "docs" / "mistakes.md").read_text("utf-8") == page, "make docs"


def test_the_words_of_the_completion_are_those_of_the_command_line() -> None:
    words: str = runpy.run_path(str(ROOT / "scripts" / "completion_words.py"))["words"]()
    assert (ROOT / "hmsplan" / "cli" / "words.json").read_text("utf-8") == words, "make docs"


def test_the_architecture_names_every_folder_once_and_no_other() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    _, _, table = text.partition("## Folders\n")
    cells = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    package = Path(hmsplan.__file__).parent
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    assert sorted(named) == sorted(folders | modules)


def test_every_decision_says_why_and_what_else_there_was() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04d}" for number in range(1, len(DECISIONS) + 1)]
    index = (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    for path in DECISIONS:
        text = path.read_text("utf-8")
        assert re.findall(r"^## (.+)", text, re.MULTILINE) == ["Situation", "Decision", "What follows", "Rejected"]
        title = re.sub(r"^# \d+\. ", "", text.splitlines()[0])
        assert f"[{title}]({path.name})" in index


def test_the_hooks_run_the_ruff_of_the_virtual_environment() -> None:
    """Another one, fetched by pre-commit, would format in its own way."""
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert re.findall(r"entry: (\S+ \S+)", hooks) == [".venv/bin/ruff format", ".venv/bin/ruff check"]
    assert "https://" not in hooks
