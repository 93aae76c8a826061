"""The values of ``${var:x}``: ``--var``, then a fleet, ``HMSPLAN_VAR_X``, the environment file and the default."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config.yaml_parser import read_scalar
from hmsplan.model import EMPTY, Diagnostic, Severity, Variable, VariableOrigin
from hmsplan.secrets.answers import variable_suffix
from hmsplan.secrets.sources import is_utf8, not_utf8
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hmsplan.config.document import Node
    from hmsplan.model import SourceLine

PREFIX: Final = "HMSPLAN_VAR_"
_Declared = dict[str, "Node"]


def settle(
    declared: Node | None,
    environment: Node | None,
    given: Mapping[str, str],
    environ: Mapping[str, str],
    member: Mapping[str, Variable] = EMPTY,
) -> tuple[dict[str, Variable], list[Diagnostic]]:
    """Return each declared variable that has a value, and what is wrong.

    *declared* and *environment* are the ``variables`` of the two files. *given* comes from ``--var``; a name in it that
    is not declared is an error, unlike in *environ*. *member* are those that a fleet gives a member of it.
    """
    variables = _entries(declared)
    problems = list(_unknown_names(variables, _entries(environment), given, member))
    chosen = _entries(environment)
    values: dict[str, Variable] = {}
    for name, node in variables.items():
        spec = node.value if isinstance(node.value, dict) else {}
        default = spec.get("default")
        fallback = None if default is None else _default(node, default)
        variable, mismatch = fallback, list[Diagnostic]()
        text = given.get(name, None if name in member else environ.get(PREFIX + variable_suffix(name)))
        if text is not None:
            origin = VariableOrigin.FLAG if name in given else VariableOrigin.ENVIRON
            source = f"--var {name}" if name in given else PREFIX + variable_suffix(name)
            if not is_utf8(text):
                problems.append(not_utf8(source))
                text = "" if default is None else str(default)  # so that one mistake is told once
            value = text if default is None or isinstance(default, str) else read_scalar(text)
            variable = Variable(value, origin, source)
            mismatch = _mismatch(name, value, default, f"{source} gives", None)
        elif name in member:
            variable = _of_member(member[name], default)
            mismatch = _mismatch(name, variable.value, default, f"{variable.given_by} gives", variable.source)
        elif name in chosen:
            at = chosen[name]
            variable = Variable(at.value, VariableOrigin.ENVIRONMENT, "environment file", at.source)
            mismatch = _mismatch(name, at.value, default, "The environment gives", at.source)
        if mismatch:
            problems += mismatch
            variable = fallback  # so that one mistake is told once
        if variable is None:
            continue
        values[name] = variable
        if text is None and isinstance(variable.value, str) and "${" in variable.value:
            at_fault = variable.source if name in member else chosen.get(name, node).source
            problems.append(_not_interpolated(name, at_fault))
    return values, problems


def _of_member(variable: Variable, default: Any) -> Variable:
    """Return what a fleet gives; a cell of a CSV file is read as the default of the variable asks."""
    is_read = isinstance(variable.value, str) and default is not None and not isinstance(default, str)
    return replace(variable, value=read_scalar(str(variable.value))) if is_read else variable


def _default(node: Node, value: Any) -> Variable:
    return Variable(value, VariableOrigin.DEFAULT, "default", node.locate(("default",)))


def missing(name: str, declared: Node | None) -> tuple[str, str]:
    """Return summary and detail for a ``${var:name}`` without a value."""
    names = _entries(declared)
    if name in names:
        return "Variable without a value", (
            f"The variable {name} has no default. Give it with --var {name}=…, as {PREFIX}{variable_suffix(name)}, or "
            "under variables in the environment file."
        )
    guess = wording.did_you_mean(name, names)
    return "Unknown variable", f"The variable {name} is not declared under variables in hmsplan.yaml.{guess}"


def unused(declared: Node | None, used: Collection[str], everywhere: Callable[[], set[str]]) -> list[Diagnostic]:
    """Return a warning for each declared variable that nothing uses.

    *used* are those of this environment; *everywhere* is asked only when one is missing there, and also looks at what
    the environment excludes or overrides.
    """
    if all(name in used for name in _entries(declared)):
        return []
    seen = {*used, *everywhere()}
    return [
        Diagnostic(
            "Unused variable",
            f"Nothing uses ${{var:{name}}}. Take the variable out, or check the spelling where it should be used.",
            declared.locate_key(name),
            severity=Severity.WARNING,
        )
        for name in _entries(declared)
        if declared is not None and name not in seen
    ]


def _entries(node: Node | None) -> _Declared:
    if node is None or not isinstance(node.value, dict):
        return {}
    return {key: child for key, _, child in node.entries()}


def _unknown_names(
    variables: _Declared, environment: _Declared, given: Mapping[str, str], member: Mapping[str, Variable]
) -> Iterable[Diagnostic]:
    for name in given:
        if name not in variables:
            guess = wording.did_you_mean(name, variables)
            detail = f"--var {name}=… names a variable that hmsplan.yaml does not declare under variables.{guess}"
            yield Diagnostic("Unknown variable", detail)
    places = [(name, node.source) for name, node in environment.items()]
    for name, source in (*places, *((name, variable.source) for name, variable in member.items())):
        if name not in variables:
            guess = wording.did_you_mean(name, variables)
            detail = f"The variable {name} is not declared under variables in hmsplan.yaml.{guess}"
            yield Diagnostic("Unknown variable", detail, source)


def _mismatch(name: str, value: Any, default: Any, who: str, source: SourceLine | None) -> list[Diagnostic]:
    if default is None or wording.type_of(value) == wording.type_of(default):
        return []
    detail = f"{who} {wording.type_of(value)} for {name}, but its default is {wording.type_of(default)}."
    return [Diagnostic("Variable of another type", detail, source)]


def _not_interpolated(name: str, source: SourceLine | None) -> Diagnostic:
    detail = f"The value of {name} holds ${{. Variables are plain: they cannot be made of other values."
    return Diagnostic("Unusable variable", detail, source)
