"""Two objects of one kind whose names, or keys, differ only in capitals, spaces or dashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.kinds import KINDS
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _plain(name: str) -> str:
    return "".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _check_all(view: View) -> Iterator[Hit]:
    for kind in KINDS.values():
        names: dict[str, Resource] = {}
        keys: dict[str, Resource] = {}
        for resource in view.of_kind(kind.name):
            name = resource.spec.get(kind.identity)
            twin = names.setdefault(_plain(name), resource) if isinstance(name, str) else resource
            if twin is not resource and twin.spec[kind.identity] != name:
                other = f'{twin.address} is called "{twin.spec[kind.identity]}". Give one of them a name of its own.'
                yield Hit(other, (kind.identity,), address=resource.address)
            twin = keys.setdefault(_plain(resource.address.key), resource)
            if twin is not resource:
                yield Hit(f"{twin.address} has nearly the same key. Rename one of them.", address=resource.address)


RULE: Final = Rule(
    id="names-differ-by-case",
    group=Group.HOUSE,
    title="Names that differ only in spelling",
    severity=Severity.WARNING,
    why="In the dashboard, in a log or on the phone, the two look the same, and the wrong one gets edited.",
    bad="""
assistants:
  desk: {name: Front desk}
  night: {name: Front Desk}
""",
    good="""
assistants:
  desk: {name: Front desk}
  night: {name: Night desk}
""",
    check_all=_check_all,
)
