"""What of an organization is exported. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from hmsplan.kinds import KINDS
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.model import Address


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person asked for.

    Attributes:
        only: kinds and addresses, in which ``*`` stands for anything; empty = everything.
        without_leads: the members of objects stay out.
        minimal: so does a field that has the documented default of the platform.
    """

    only: tuple[str, ...] = ()
    without_leads: bool = False
    minimal: bool = False

    def includes(self, address: Address) -> bool:
        """Say whether *address* is exported."""
        return not self.only or any(_fits(each, address) for each in self.only)

    def has_kind(self, kind: str) -> bool:
        """Say whether an object of the *kind* may be exported."""
        return not self.only or any(fnmatchcase(kind, each.partition(".")[0]) for each in self.only)

    def kinds(self) -> list[str]:
        """Name the kinds that have to be read: the exported ones, and those that they refer to."""
        chosen = [name for name in KINDS if self.has_kind(name)]
        used = {target for name in chosen for target in KINDS[name].refs.values()}
        return [name for name in KINDS if name in used or name in chosen]

    def unknown(self) -> Iterator[tuple[str, str]]:
        """Yield each of ``only`` that names no kind, with what may be meant."""
        for each in self.only:
            kind = each.partition(".")[0]
            if not any(fnmatchcase(name, kind) for name in KINDS):
                yield each, wording.did_you_mean(kind, KINDS) or f" Kinds are: {wording.listed(list(KINDS))}."

    def missed(self, addresses: Iterable[Address]) -> Iterator[tuple[str, str]]:
        """Yield each address of ``only`` that fits none of *addresses*, with what may be meant."""
        known = list(addresses)
        for each in self.only:
            if "." in each and not any(_fits(each, address) for address in known):
                there = [str(address) for address in known if fnmatchcase(address.kind, each.partition(".")[0])]
                yield each, wording.did_you_mean(each, there) or f" There are: {wording.listed(there) or 'none'}."


def _fits(wanted: str, address: Address) -> bool:
    return fnmatchcase(address.kind if "." not in wanted else str(address), wanted)


EVERYTHING: Final = Selection()
