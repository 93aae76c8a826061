"""What the API refuses and no schema can say, as data: ``hmsplan/openapi/rules.json``, which the emulator reads too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from hmsplan.kinds.kind import Problem
from hmsplan.model import values_at
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.kinds.kind import Kind
    from hmsplan.model import FieldPath

Rule = Mapping[str, Any]

_FILE: Final = Path(__file__).parents[1] / "openapi" / "rules.json"


@cache
def shared() -> Mapping[str, Any]:
    """Return the whole file; its first entry says how to read it."""
    found: Mapping[str, Any] = orjson.loads(_FILE.read_bytes())
    return found


def graph_rule(schema: str) -> Rule:
    """Return what the nodes and edges of a graph have to keep to, by the name of its schema."""
    return next(rule for rule in shared()["refused"][schema] if rule["refuse"] == "graph")


def refusals(kind: Kind, spec: Any) -> Iterator[Problem]:
    """Yield what the API would refuse of fields of any form, and a schema cannot say."""
    if not isinstance(spec, Mapping):
        return
    for pattern, schema in kind.described.items():
        for at, value in values_at(spec, pattern):
            for problem in problems_of(schema, value):
                other = None if problem.other is None else (*at, *problem.other)
                yield problem._replace(path=(*at, *problem.path), other=other)
    yield from kind.checks(spec) if kind.checks is not None else ()


def problems_of(schema: str, value: Any) -> Iterator[Problem]:
    """Yield why the API would refuse *value*, an object of *schema*; of any form, ``${…}`` included.

    Only what is wrong whatever a ``${…}`` turns out to be.
    """
    if isinstance(value, Mapping):
        for rule in shared()["refused"].get(schema, ()):
            if rule["refuse"] != "graph" and _holds(rule, value):
                yield from _broken(rule, value)


def _at(value: Any, path: str) -> Any:
    """Return what stands at a path; None for nothing, and for what is not known yet."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return None if isinstance(value, str) and "${" in value else value


def _is_written(value: Any, path: str) -> bool:
    block, _, key = path.rpartition(".")
    inside = _at(value, block) if block else value
    return isinstance(inside, Mapping) and key in inside


def _holds(rule: Rule, value: Any) -> bool:
    if "unless" in rule and _is_written(value, rule["unless"]):
        return False
    if "with" not in rule:
        return True
    given = _at(value, rule["with"])
    return given in rule["values"] if "values" in rule else given is not None


def _broken(rule: Rule, value: Any) -> Iterator[Problem]:
    field, condition = rule["field"], rule.get("with", "")
    path, found, written = _path(field), _at(value, field.removesuffix("[]")), _is_written(value, field)
    match rule["refuse"]:
        case "above" | "below" as way:
            yield from _out_of_order(rule, value, above=way == "above")
        case "form":
            many = enumerate(found) if isinstance(found, list) else [(None, found)]
            for index, text in many:
                if isinstance(text, str) and "${" not in text and not re.search(rule["pattern"], text):
                    at = path if index is None else (*path, index)
                    yield Problem(at, "Wrong form", f"{wording.shown(text)} {rule['says']}.")
        case "missing" if not written or found == "":
            detail = f"{condition} is {wording.shown(_at(value, condition))}, and needs {field}: {rule['why']}."
            yield Problem(_path(condition), "Missing field", detail)
        case "present" if written and found is not None:
            detail = f"The platform takes {field} or {condition}, not both. Take one of them out."
            yield Problem(path, "Fields exclude each other", detail, _path(condition))
        case "null" if written and value[field] is None:
            beside = f"{condition} is {wording.shown(_at(value, condition))}: " if condition else ""
            yield Problem(path, "Missing field", f"It is null, and {beside}{rule['why']}.")


def _out_of_order(rule: Rule, value: Any, *, above: bool) -> Iterator[Problem]:
    """Tell two numbers of which one must not pass the other; at least one of them is written."""
    field, other = rule["field"], rule["other"]
    if not (_is_written(value, field) or _is_written(value, other)):
        return
    given, limit = (_number(rule, value, name) for name in (field, other))
    if given is None or limit is None or not (given > limit if above else given < limit):
        return
    name, of_other = (each.rpartition(".")[2] for each in (field, other))
    by_default = [" by default" if not _is_written(value, each) else "" for each in (field, other)]
    most, least = ("at most", "at least") if above else ("at least", "at most")
    detail = (
        f"{name} is {given}{by_default[0]} and {of_other} is {limit}{by_default[1]}, and the platform refuses "
        f"{'more' if above else 'less'} than that. Let {name} be {most} {limit}, or {of_other} {least} {given}."
    )
    here, there = (field, other) if _is_written(value, field) else (other, field)
    yield Problem(_path(here), "Out of range", detail, _path(there) if _is_written(value, there) else None)


def _number(rule: Rule, value: Any, field: str) -> float | None:
    """Return a number, its default where it is not written; None for what is not known or of another form."""
    if not _is_written(value, field):
        default: float | None = rule.get("defaults", {}).get(field)
        return default
    found = _at(value, field)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _path(field: str) -> FieldPath:
    return tuple(field.removesuffix("[]").split("."))
