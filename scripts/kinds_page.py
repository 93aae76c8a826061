"""Write docs/kinds.md, and a page for each kind, from the table of kinds and the schemas: ``make docs``.

A test holds the pages equal to both.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from hmsplan.config.schema import documents, of_kind
from hmsplan.kinds import KINDS, Kind
from hmsplan.kinds.kind import Use
from hmsplan.model import written

DOCS: Final = Path(__file__).parents[1] / "docs"
HEAD: Final = """# Kinds

A page for each kind of object, with its fields and with what hmsplan knows of it. `make docs` writes them from the
table in `hmsplan/kinds` and from the schemas, which `hmsplan schema KIND` prints for an editor.

| kind | is | recognised by | refers to | a change means replace |
|---|---|---|---|---|
"""
FIELDS: Final = """## Fields

A field that is left out is not managed. *Required*: without it the file is refused; *to create*: an object that exists
can do without. A change is an update in place, and a field that was applied and is then taken out is released: it stays
as it is. Where either is otherwise, the field says so. `${…}`, and the fields `extends`, `extra` and `lifecycle` that
every kind has, are described in [the language](../language.md).
"""
FACTS: Final = """## Facts

What hmsplan knows of the kind beyond its fields, where it differs from what a kind is by default. In paths, `tools[]`
stands for every item of a list.
"""
EVERYWHERE: Final = {"extends", "extra", "lifecycle"}


def pages() -> dict[Path, str]:
    """Return every page by its file."""
    index = HEAD + "".join(map(_row, KINDS.values()))
    return {DOCS / "kinds.md": index} | {DOCS / "kinds" / f"{kind.name}.md": _page(kind) for kind in KINDS.values()}


def _row(kind: Kind) -> str:
    return (
        f"| [{kind.name}](kinds/{kind.name}.md) | {kind.noun} | `{kind.identity}` "
        f"| {_listed(kind.targets, kinds)} | {_listed(kind.immutable)} |\n"
    )


def kinds(name: str) -> str:
    """Link a kind from the index."""
    return f"[{name}](kinds/{name}.md)"


def _page(kind: Kind) -> str:
    """Describe one kind: its fields, and every fact that differs from what a kind is by default."""
    schema = documents()[of_kind(kind.name)]
    facts = "".join(_rows(kind, leave_out={"name", "noun", "article", "docs"}))
    return (
        f"# {kind.name}\n\n{schema['description']}\n\n{FIELDS}{''.join(Fields(kind).sections())}\n{FACTS}\n"
        f"Source: {kind.docs}.\n\n| fact | value | meaning |\n|---|---|---|\n{facts}"
    )


class Fields:
    """The tables of fields of one kind: its own, then those of each block inside."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._file = of_kind(kind.name)
        self._waiting: list[tuple[str, str, Any, str]] = [("", "", documents()[self._file], self._file)]
        self._found: list[tuple[str, str, Any, str]] = []
        self._told: set[str] = set()

    def sections(self) -> Iterator[str]:
        """Yield one table for each block, those inside it after it."""
        while self._waiting:
            title, path, schema, file = self._waiting.pop(0)
            whole, file = _whole(schema, file)
            heading = f"\n### {title}\n" if title else ""
            properties = {name: field for name, field in whole.get("properties", {}).items() if name not in EVERYWHERE}
            for inner, name, variant in _variants(whole, path, file):
                self._wait(f"{inner}: {name}", inner, variant, file)
            rows = [self._row(path, whole, name, field, file) for name, field in properties.items()]
            if rows:
                yield f"{heading}\n| field | type | required | description |\n|---|---|---|---|\n{''.join(rows)}"
            elif title:
                yield f"{heading}\n{whole.get('description', 'It has no fields of its own.')}\n"
            self._waiting, self._found = self._found + self._waiting, []

    def _wait(self, title: str, path: str, schema: Any, file: str) -> None:
        """Describe a block later, once."""
        if title not in self._told:
            self._told.add(title)
            self._found.append((title, path, schema, file))

    def _row(self, path: str, block: Any, name: str, field: Any, file: str) -> str:
        inner = f"{path}.{name}" if path else name
        whole, home = _whole(field, file)
        required = ""
        if name in block.get("required", ()):
            required = "yes"
        elif name in block.get("x-hms-required-on-create", ()) or (not path and name in self._kind.required):
            required = "to create"
        notes = [field.get("description", whole.get("description", "")), *self._notes(path, name, field, whole)]
        told = _cell(" ".join(filter(None, notes)))
        return f"| `{name}` | {self._type(inner, whole, home)} | {required} | {told} |\n"

    def _notes(self, path: str, name: str, field: Any, whole: Any) -> Iterator[str]:
        """Say what the description leaves to the table: secrets, what a change means, what null and taking out do."""
        if field.get("x-hms-secret") or whole.get("x-hms-secret"):
            yield "**Secret.**"
        if path:
            return
        if name in self._kind.immutable:
            guarded = ", which is refused unless allowed" if self._kind.guarded_replace else ""
            yield f"**A change replaces the object{guarded}.**"
        if name in self._kind.after_create:
            yield "Sent after the create."
        if name in self._kind.write_only:
            yield "An answer may leave it out: then it is compared with what was sent last."
        if name in self._kind.resettable:
            yield "*Taken out: cleared.*"

    def _type(self, path: str, whole: Any, file: str) -> str:
        """Say the type of a value; a block gets a section of its own."""
        match whole:
            case {"enum": values}:
                return ", ".join(f"`{json.dumps(value)}`" if value is None else f"`{value}`" for value in values)
            case {"const": value}:
                return f"`{value}`"
        names = [whole["type"]] if isinstance(whole.get("type"), str) else list(whole.get("type", []))
        if "properties" in whole or "allOf" in whole or path == "leads[]":
            names = [name for name in names if name != "object"]
            return " or ".join([self._block(path, whole, file), *_plain(names)])
        if "array" in names and "items" in whole:
            items, home = _whole(whole["items"], file)
            rest = [name for name in names if name not in {"array", "string"}]
            return " or ".join([f"list of {self._type(f'{path}[]', items, home)}", *_plain(rest)])
        return " or ".join(_plain(names)) or "text"

    def _block(self, path: str, whole: Any, file: str) -> str:
        """Link the section of a block; one of another kind is described there."""
        owner = re.fullmatch(r"kinds/(\w+)\.schema\.json", file)
        if owner and owner[1] in KINDS and owner[1] != self._kind.name:
            return f"[block]({owner[1]}.md#{path.rpartition('.')[2]})"
        self._wait(path, path, whole, file)
        return f"[block](#{anchor(path)})"


def anchor(title: str) -> str:
    """Return the fragment of a title, as GitHub and the site make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _plain(names: list[str]) -> list[str]:
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "map", "array": "list"}
    return [words.get(name, name) for name in names]


def _variants(whole: Any, path: str, file: str) -> Iterator[tuple[str, str, Any]]:
    """Yield path, title and schema of each form that a block may have, where a value in it or beside it decides."""
    for choice in whole.get("allOf", ()):
        for branch in (choice.get("then", {}), choice.get("else", {}) if "then" in choice else {}):
            if "$ref" in branch:
                yield path, _whole(branch, file)[0]["title"], branch
            for name, schema in branch.get("properties", {}).items():
                yield f"{path}.{name}" if path else name, _whole(schema, file)[0]["title"], schema


def _whole(schema: Any, file: str) -> tuple[Any, str]:
    """Follow references and the choice between ``${…}`` and the real type; return all that is said, and its file."""
    said = dict(schema)
    while "$ref" in said or ("if" in said and "else" in said):
        if "$ref" in said:
            name, _, pointer = said.pop("$ref").partition("#/")
            file = f"kinds/{name}" if name else file
            found: Any = documents()[file]
            for step in pointer.split("/"):
                found = found[step]
        else:
            found = said.pop("else")
            said.pop("if")
        said = {**found, **said}
    return said, file


def _cell(text: str) -> str:
    """Write a description into a table, where what braces and angle brackets mean is left to no reader of Markdown."""
    text = re.sub(r"(?<!`)(\$?\{\{?[^{}]*\}\}?)(?!`)", r"`\1`", text)
    return text.replace("|", "\\|").replace("<", "&lt;")


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


def _listed(facts: Collection[Any], write: Callable[[Any], str] | None = None) -> str:
    return ", ".join(sorted(map(write or _key, facts))) or "none"


def _key(fact: Any) -> str:
    """Write a name, a number or a path; ``llm_config.tools[].url``."""
    if isinstance(fact, str | int):
        return f"`{fact}`"
    return f"`{written(fact)}`" if fact else "the object"


if __name__ == "__main__":
    for file, text in pages().items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
