"""Where the values of a resource come from, as text and as JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.config.explain import Explained, Form, Input, Written, is_one
from hmsplan.config.layers import Role
from hmsplan.formats.redact import bare
from hmsplan.kinds import KINDS
from hmsplan.model import Ref, Secret, dotted, pattern_of
from hmsplan.output.lines import Line, Tone, paint, safe, title
from hmsplan.output.values import Look, brief, path_text, value_lines
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.kinds import Kind
    from hmsplan.model import FieldPath, Resource, SourceLine, Stack

FORMAT_VERSION: Final = "1.0"
_ROLES: Final = {Role.OVERRIDE: "environment override"}


def as_text(
    resource: Resource, stack: Stack, explained: Sequence[Explained], path: FieldPath, *, width: int, color: bool
) -> str:
    """Return what stands at *path* of a resource, a value a line, and below it what it is made of and lies over.

    A pasted template is one line, unless *path* leads into it.
    """
    address = resource.address
    lines = [title(f"{address} in environment {safe(stack.environment)}, {_place(resource.source)}")]
    pastes = [each.path for each in explained if each.is_block and each.template is not None]
    for each in explained:
        around = [paste for paste in pastes if each.path[: len(paste)] == paste and each.path != paste]
        if all(path[: len(paste)] == paste for paste in around):
            lines += _lines(each, KINDS[address.kind], width, is_asked=each.path == path)
    return paint(lines, width=width, color=color)


def _lines(each: Explained, kind: Kind, width: int, *, is_asked: bool) -> Iterator[Line]:
    look, pattern = Look(kind, width), pattern_of(each.path)
    head = f"{path_text(kind, each.name)} = "
    notes = (_layer(each, each.written),)
    if kind.members is not None and each.path == (kind.members.name,):
        yield Line(head + count(each.value, kind.members.singular), notes=notes)
    elif isinstance(each.value, Ref):  # whether its id is known, only the state can say
        yield Line(f"{head}{each.value}", notes=notes)
    elif each.is_block or (isinstance(each.value, str) and not is_asked):
        yield Line(head + brief(look, each.value, pattern), notes=notes)
    else:
        yield from value_lines(look, head, each.value, pattern, "", 0, notes=notes)
    for given in each.inputs:
        if given.form is not Form.SECRET:  # named beside the value
            yield Line(_input(given), "#", 1, Tone.QUIET)
    for below in each.overridden:
        is_named = isinstance(below.value, str) and is_one(below.value)
        text = safe(below.value) if is_named else brief(look, below.value, pattern)
        yield Line(f"over {text}, {_layer(each, below)}", "#", 1, Tone.QUIET)


def _layer(each: Explained, written: Written | None) -> str:
    if written is None:
        return f"part of {each.template}"
    name = f"base {written.base}" if written.role is Role.BASE else _ROLES.get(written.role, str(written.role))
    template = f" in {each.template}" if each.template is not None and not each.is_block else ""
    return f"{name}{template}, {_place(written.source)}"


def _input(given: Input) -> str:
    where = f", {_place(given.source)}" if given.source is not None else ""
    if given.form is Form.VARIABLE:
        by = f"from {safe(given.variable.given_by)}" if given.variable is not None else "without a value"
        return f"${{var:{given.name}}} {by}{where}"
    prefix = f"{given.form}:" if given.form in {Form.FILE, Form.CSV} else ""
    return f"${{{prefix}{safe(given.name)}}}{where}"


def _place(source: SourceLine) -> str:
    return safe(f"{source.file}:{source.line}")


def as_json(resource: Resource, stack: Stack, explained: Sequence[Explained], path: FieldPath) -> dict[str, Any]:
    """Return the same for machines, every part of a template too."""
    return {
        "format_version": FORMAT_VERSION,
        "address": str(resource.address),
        "environment": stack.environment,
        "field": dotted(path) or None,
        "managed": bool(explained),
        "range": _range(resource.source),
        "values": [_value_json(each) for each in explained],
    }


def _value_json(each: Explained) -> dict[str, Any]:
    secret = each.value if isinstance(each.value, Secret) else None
    written = each.written
    return {
        "path": dotted(each.path),
        "name": dotted(each.name),
        "value": str(each.value) if isinstance(each.value, Ref) else bare(each.value),
        "secret": None if secret is None else secret.name,
        "block": each.is_block,
        "template": None if each.template is None else str(each.template),
        "written": None if written is None else _written_json(written),
        "inputs": [_input_json(given) for given in each.inputs],
        "overridden": [_written_json(below) for below in each.overridden],
    }


def _written_json(written: Written) -> dict[str, Any]:
    return {
        "layer": str(written.role),
        "base": written.base or None,
        "value": written.value,
        "range": _range(written.source),
    }


def _input_json(given: Input) -> dict[str, Any]:
    variable = given.variable
    return {
        "form": str(given.form),
        "name": given.name,
        "origin": None if variable is None else str(variable.origin),
        "given_by": None if variable is None else variable.given_by,
        "range": None if given.source is None else _range(given.source),
    }


def _range(source: SourceLine) -> dict[str, Any]:
    return {"filename": source.file, "start": {"line": source.line, "column": source.column}}
