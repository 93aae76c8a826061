"""``hmsplan explain``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.session import load
from hmsplan.cli.terminal import color, out, width, wrapped
from hmsplan.config import schema
from hmsplan.config.bases import EXTENDS
from hmsplan.config.confined import Folder
from hmsplan.config.explain import LIFECYCLE, asked_for, explain, within
from hmsplan.errors import HmsplanError
from hmsplan.kinds import A_KIND, KINDS
from hmsplan.model import KEY_PATTERN, Address, dotted, undotted, value_at
from hmsplan.output.explain import as_json, as_text
from hmsplan.text import wording
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.config.explain import Explained
    from hmsplan.lint.rule import Rule
    from hmsplan.model import FieldPath, Resource, Stack

_ASKED: Final = re.compile(rf"([a-z_]+\.{KEY_PATTERN})(?:\.|(?=\[)|$)(.*)", re.DOTALL)
_RULE: Final = re.compile(r"[a-z]+(?:-[a-z0-9]+)+")
FORMATS: Final = ("text", "json")


class NothingThere(HmsplanError):
    """The stack has no such resource, or its kind no such field."""

    summary = "Nothing to explain"


@click.command("explain", cls=Command)
@click.argument("asked", metavar="RULE|ADDRESS[.FIELD]")
@format_option(FORMATS)
@click.pass_obj
def explain_command(options: Globals, asked: str, form: str) -> None:
    """Show where every value of a resource comes from: file, line and layer, variables, files, templates, and what it
    lies over; or what a rule of lint means. Offline, without key or secrets.

    \b
      hmsplan explain assistants.support
      hmsplan explain assistants.support.llm_config.model
      hmsplan explain 'assistants.support.llm_config.tools["lookup"]'
    """  # noqa: D205, D301 -- \b is click's: do not wrap what follows
    as_data = options.json or form == "json"
    if is_rule(asked):
        from hmsplan.lint.engine import OWN  # noqa: PLC0415 -- an address needs none of it
        from hmsplan.output.rules import rule_json, rule_page  # noqa: PLC0415

        if asked in OWN:
            out(orjson.dumps({"id": asked, "why": OWN[asked]}).decode() if as_data else wrapped(OWN[asked]))
            return
        rule = rule_of(asked)
        out(orjson.dumps(rule_json(rule)).decode() if as_data else rule_page(rule, width()))
        return
    stack, resource, found, path = looked_up(options, asked)
    if as_data:
        out(orjson.dumps(as_json(resource, stack, found, path)).decode())
    else:
        out(as_shown(options, stack, resource, found, path))


def is_rule(asked: str) -> bool:
    """Say whether *asked* may be the id of a rule, which no address is."""
    return _RULE.fullmatch(asked) is not None


def rule_of(asked: str) -> Rule:
    """Return a rule of lint.

    Raises:
        NothingThere: there is none of that id.
    """
    from hmsplan.lint.rules import all_rules  # noqa: PLC0415 -- an address needs none of them

    rule = all_rules().get(asked)
    if rule is None:
        guess = wording.did_you_mean(asked, all_rules()) or " To see the rules: hmsplan lint --rules"
        raise NothingThere(f"There is no rule {asked}.{guess}")
    return rule


def looked_up(options: Globals, asked: str) -> tuple[Stack, Resource, Sequence[Explained], FieldPath]:
    """Return what there is to say of an address or a field.

    Raises:
        ConfigError: the stack cannot be read.
        NothingThere: it has no such resource, or its kind no such field.
    """
    address, typed = _parsed(asked)
    stack = load(options)
    resource = stack.resources.get(address)
    if resource is None:
        raise NothingThere(_no_resource(address, stack))
    path = asked_for(resource, typed)
    found = within(explain(resource, stack, Folder(str(options.directory)).read_text), path)
    if not found and (reason := _no_field(resource, path)):
        raise NothingThere(reason)
    return stack, resource, found, path


def as_shown(options: Globals, stack: Stack, resource: Resource, found: Sequence[Explained], path: FieldPath) -> str:
    """Return it as text, as wide as the terminal."""
    if not found:
        return wrapped(_left_out(resource.address, path))
    return as_text(resource, stack, found, path, width=width(), color=color(options.color)).rstrip("\n")


def _parsed(asked: str) -> tuple[Address, FieldPath]:
    match = _ASKED.fullmatch(asked)
    if match is None:
        raise click.UsageError(f"{asked!r} is not an address. Write it as kind.key, such as assistants.support")
    try:
        return Address.parse(match[1]), undotted(match[2])
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _left_out(address: Address, path: FieldPath) -> str:
    said = f"{address} does not say {plain(dotted(path))}"
    if path[0] in {LIFECYCLE, EXTENDS}:
        return f"{said}."
    return f"{said}, so it is not managed: hmsplan leaves it as it is on the platform."


def _no_resource(address: Address, stack: Stack) -> str:
    if address.kind not in KINDS:
        guess = wording.did_you_mean(address.kind, KINDS) or f" The kinds are {wording.listed(KINDS)}."
        return f"{address.kind} is not a kind.{guess}"
    keys = [known.key for known in stack.resources if known.kind == address.kind]
    near = wording.nearest(address.key, keys)
    guess = f" Did you mean {address.kind}.{near}?" if near else ""
    if not guess and keys:
        guess = f" Declared are: {wording.listed(f'{address.kind}.{key}' for key in keys)}."
    return f"There is no {address} in environment {stack.environment}.{guess}"


def _no_field(resource: Resource, path: FieldPath) -> str:
    """Say why there can be nothing at *path*; empty for a field that the kind has and the resource leaves out."""
    kind = resource.address.kind
    for depth, part in enumerate(path):
        block, known = value_at(resource.spec, path[:depth]), schema.names_below(kind, path[:depth])
        where = dotted(path[:depth])
        if isinstance(block, list):
            if part not in range(len(block)):
                return (
                    f"{where} has {wording.count(len(block), 'item')}, counted from 0, and no item {plain(str(part))}."
                )
        elif block is not None and not isinstance(block, Mapping):
            return f"{where} is a single value, so it has no {plain(str(part))}."
        elif isinstance(part, int):
            return f"{where or resource.address} is not a list, so it has no item {part}."
        elif known and part not in known and part not in (block or ()):
            names = [*known, *(block or ())]
            owner = where or wording.sentence(A_KIND[kind])
            return f"{owner} has no field {plain(part)}.{wording.did_you_mean(part, names)}"
    return ""
