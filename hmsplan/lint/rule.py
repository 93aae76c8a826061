"""What a rule of lint is, and what one finds."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hmsplan.lint.texts import Role
    from hmsplan.lint.view import View
    from hmsplan.model import Address, FieldPath, Resource, Severity, SourceLine


class Group(enum.StrEnum):
    """What a rule is about; the folder it lies in has the same name."""

    CONTRADICTION = "contradiction"
    PLACEHOLDERS = "placeholders"
    TOOLS = "tools"
    TELEPHONY = "telephony"
    CAMPAIGNS = "campaigns"
    SPEECH = "speech"
    LAW = "law"
    SECRETS = "secrets"
    WORKFLOWS = "workflows"
    HOUSE = "house"


class Hit(NamedTuple):
    """One place where a rule is not kept.

    Attributes:
        detail: which, and what to type instead; the place itself is not repeated.
        path: of the field at fault, list items by index or name; empty for the whole resource.
        line: of the text at *path* that is at fault, from 1; 0 = not a part of a text.
        column: in that line, from 1.
        address: the resource at fault; None = the one that was checked.
        source: where, if no field of a resource is at fault: a lead, a line of hmsplan.yaml.
    """

    detail: str
    path: FieldPath = ()
    line: int = 0
    column: int = 1
    address: Address | None = None
    source: SourceLine | None = None


_SHOWN_LINES: Final = 20
_SHOWN_COLUMNS: Final = 160


def shown(example: str) -> str:
    """Return an example of a rule as people read it: what goes on and on is cut short."""
    lines = [
        line if len(line) <= _SHOWN_COLUMNS else f"{line[:_SHOWN_COLUMNS]}…" for line in example.strip().splitlines()
    ]
    if len(lines) > _SHOWN_LINES + 1:
        kept = _SHOWN_LINES
        lines = [*lines[:kept], f"… and {len(lines) - kept:,} more lines like these"]
    return "\n".join(lines)


ResourceCheck: TypeAlias = "Callable[[Resource, View], Iterable[Hit]]"
StackCheck: TypeAlias = "Callable[[View], Iterable[Hit]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that lint looks for.

    Attributes:
        id: lower case with dashes; the name of its module, and of its page.
        title: fixed words, without data, as the summary of a problem.
        severity: unless the stack says otherwise. An error only for what fails or does harm for certain.
        why: one sentence: why a caller, the people who pay for the calls, or the law minds.
        bad: a small stack that breaks it. YAML of resources; a line ``# file: NAME`` begins another file.
        good: the same, corrected.
        check: finds the places in one resource of *kinds*.
        kinds: the kinds whose resources *check* is given, one by one.
        marks: characters without one of which a text breaks nothing: *check* is given a resource only if one stands in
            its texts. Prompts are long, and to ask them a hundred things takes a while. "" = it is given them all.
        role: the texts in which a mark has to stand; None = all of them.
        check_all: finds the places in the whole stack, for what is not a matter of one resource.
        source: where the fact or the law can be read, with its date; "" for a plain matter of craft.
        needs: the extra of hmsplan without which the rule cannot be checked; "" for none.
    """

    id: str
    group: Group
    title: str
    severity: Severity
    why: str
    bad: str
    good: str
    check: ResourceCheck | None = None
    kinds: tuple[str, ...] = ()
    marks: str = ""
    role: Role | None = None
    check_all: StackCheck | None = None
    source: str = ""
    needs: str = ""
