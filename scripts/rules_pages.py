"""Write docs/rules.md, and a page for each rule of lint, from the rules themselves: ``make docs``.

A test holds the pages equal to the rules.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import shown
from hmsplan.lint.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.lint.rule import Rule

DOCS: Final = Path(__file__).parents[1] / "docs"
HEAD: Final = """# Rules of lint

What `hmsplan lint` looks for ([how to use it](lint.md)). An *error* makes `lint`, `validate` and `plan` fail, a
*warning* is shown by all three, an *info* by `lint` alone. `make docs` writes this page and those of the rules.
"""


def pages() -> dict[Path, str]:
    """Return every page by its file."""
    rules = all_rules()
    return {DOCS / "rules.md": _index(rules)} | {
        DOCS / "rules" / f"{rule.id}.md": _page(rule) for rule in rules.values()
    }


def _index(rules: Mapping[str, Rule]) -> str:
    text = HEAD
    for group, members in groupby(rules.values(), key=lambda rule: rule.group):
        text += f"\n## {group.capitalize()}\n\n| rule | severity | why |\n|---|---|---|\n"
        text += "".join(
            f"| [{rule.id}](rules/{rule.id}.md) | {rule.severity} | {_cell(rule.why)} |\n" for rule in members
        )
    return text


def _row(rule: Rule) -> str:
    return f"| [{rule.id}](rules/{rule.id}.md) | {rule.severity} | {_cell(rule.why)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("{{", "`{{").replace("}}", "}}`")


def _page(rule: Rule) -> str:
    comment = f"# hmsplan: ignore {rule.id} until 2027-01-01 because REASON"
    parts = [
        f"# {rule.id}",
        f"**{rule.title}** ({rule.severity}, {rule.group}). {_cell(rule.why)}",
        f"Found in:\n\n{_files(rule.bad)}",
        f"Better:\n\n{_files(rule.good)}",
        f"Source: {_cell(rule.source)}." if rule.source else "",
        f"It needs `pip install 'hmsplan[{rule.needs}]'`; without that it is not checked." if rule.needs else "",
        f"To silence it at one place, on the line or above it: `{comment}`.",
        f"For the whole stack, under `rules` of `lint` in `hmsplan.yaml`: `{rule.id}: off`, or another severity.",
        "[All rules](../rules.md) · [How to silence one](../lint.md#one-exception)",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _files(example: str) -> str:
    return f"```yaml\n{shown(example)}\n```"


def main() -> None:
    """Write the pages, and remove those of rules that are no more."""
    found = pages()
    folder = DOCS / "rules"
    folder.mkdir(exist_ok=True)
    for path in {*folder.glob("*.md")} - found.keys():
        path.unlink()
    for path, text in found.items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
