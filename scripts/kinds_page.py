"""Write docs/kinds.md from the table of kinds: ``make docs``. A test holds the page equal to the table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from hmsplan.kinds import KINDS, Kind
from hmsplan.kinds.kind import Use
from hmsplan.model import written

PAGE: Final = Path(__file__).parents[1] / "docs" / "kinds.md"
HEAD: Final = """# Kinds

What hmsplan knows of each kind of object; `make docs` writes it from the table in `hmsplan/kinds`. The fields that a
resource may have, with their types, are in its schema: `hmsplan schema KIND`, or [schemas/kinds](../schemas/kinds).

In paths, `tools[]` stands for every item of a list.

| kind | path of the API | recognised by | refers to | a change means replace |
|---|---|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    rows = [
        f"| [{kind.name}](#{kind.name}) | `{kind.path}` | `{kind.identity}` | {_listed(kind.targets)} "
        f"| {_listed(kind.immutable)} |"
        for kind in KINDS.values()
    ]
    return HEAD + "\n".join(rows) + "\n" + "".join(map(_section, KINDS.values()))


def _section(kind: Kind) -> str:
    """Describe one kind: every fact that differs from what a kind is by default."""
    rows = "".join(_rows(kind, leave_out={"name", "noun", "article", "docs"}))
    return f"\n## {kind.name}\n\nSource: {kind.docs}.\n\n| fact | value | meaning |\n|---|---|---|\n{rows}"


def _rows(value: Any, leave_out: Collection[str] = (), within: str = "") -> list[str]:
    meanings = _meanings(type(value))
    rows = []
    for field in fields(value):
        fact = getattr(value, field.name)
        if field.name in leave_out or fact == _default(field):
            continue
        if is_dataclass(fact) and not isinstance(fact, Use):
            rows += _rows(fact, within=f"{field.name}.")
        else:
            meaning = meanings.get(field.name, "")
            rows.append(f"| `{within}{field.name}` | {_written(fact)} | {meaning} |\n")
    return rows


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _meanings(described: type) -> dict[str, str]:
    """Read what each attribute means from the docstring of its class."""
    _, _, attributes = (inspect.getdoc(described) or "").partition("Attributes:\n")
    found = re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", attributes, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text).replace("``", "`").replace("|", "\\|") for name, text in found}


def _written(fact: Any) -> str:  # noqa: PLR0911 -- a table
    """Write one fact: a path, a list, a table, a function by its name."""
    match fact:
        case bool():
            return "yes" if fact else "no"
        case str() | int():
            return f"`{fact}`"
        case tuple():
            return ", ".join(map(_written, fact))
        case Mapping():
            return "<br>".join(sorted(f"{_key(key)}: {_written(value)}" for key, value in fact.items()))
        case Collection():
            return _listed(fact)
        case Use():
            return f"{_key(fact.kind)} by `{fact.named.__name__}()`, {'needed' if fact.is_needed else 'not needed'}"
        case Callable():
            return f"`{fact.__name__}()`"
        case _:
            raise TypeError(fact)


def _listed(facts: Collection[Any]) -> str:
    return ", ".join(sorted(map(_key, facts))) or "none"


def _key(fact: Any) -> str:
    """Write a name, a number or a path; ``llm_config.tools[].url``."""
    if isinstance(fact, str | int):
        return f"`{fact}`"
    return f"`{written(fact)}`" if fact else "the object"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
