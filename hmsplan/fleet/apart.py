"""Members that turn out to reach one organization: each would take away what the other one makes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.fleet.task import Result
    from hmsplan.fleet.values import Fleet, Member


def refuse_shared(fleet: Fleet, results: Iterable[Result]) -> None:
    """Refuse members that have one key, or one organization; of those that were left out, what the file declares.

    Raises:
        ConfigError: every member that reaches the organization of another one.
    """
    if problems := list(_shared(fleet, list(results))):
        raise ConfigError(problems)


def _shared(fleet: Fleet, results: list[Result]) -> Iterator[Diagnostic]:
    members = {member.name: member for member in fleet.members}
    declared = {member.organization: member for member in fleet.members if member.organization is not None}
    keys: dict[str, Member] = {}
    found: dict[str, Member] = {}
    for member, result in ((members[result.name], result) for result in results):
        same = keys.setdefault(result.key_mark, member) if result.key_mark else member
        if same is not member:
            detail = f"{same.name} ({same.source}) has the same key, in {same.key}, as {member.name}, in {member.key}: "
            yield Diagnostic("Key of two members", detail + _REMEDY, member.source)
        elif (organization := result.organization) is not None:
            other = found.setdefault(organization, declared.get(organization, member))
            if other is not member:
                detail = f"{other.name} ({other.source}) is organization {organization}, and so is the key of "
                yield Diagnostic("Organization of two members", f"{detail}{member.name}: {_REMEDY}", member.source)


_REMEDY = (
    "both would manage objects in the same organization. Nothing was changed. Give each member the key of its own "
    "organization."
)
