"""The stack as rules ask about it: looked up once, kept for all rules."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from hmsplan.lint.providers import Block, blocks_of
from hmsplan.lint.texts import Role, Text, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from hmsplan.model import Address, Resource, Stack

_T = TypeVar("_T")


class View:
    """What rules see.

    Attributes:
        stack: what is declared, whole: also where only a part of it is checked.
        today: for what expires.
    """

    def __init__(self, stack: Stack, today: date) -> None:
        self.stack = stack
        self.today = today
        self._of_kind: Mapping[str, Sequence[Resource]] | None = None
        self._users: Mapping[Address, Sequence[Resource]] | None = None
        self._known: defaultdict[Any, dict[Address, Any]] = defaultdict(dict)
        self._whole: dict[Any, Any] = {}

    def of_kind(self, kind: str) -> Sequence[Resource]:
        """Return the resources of a kind, by address."""
        if self._of_kind is None:
            found = defaultdict[str, list["Resource"]](list)
            for address, resource in self.stack.resources.items():
                found[address.kind].append(resource)
            self._of_kind = found
        return self._of_kind.get(kind, ())

    def users(self, address: Address) -> Sequence[Resource]:
        """Return the resources that refer to *address* by id, or have it pasted in as a template."""
        if self._users is None:
            found = defaultdict["Address", list["Resource"]](list)
            for resource in self.stack.resources.values():
                for used in dict.fromkeys((*resource.refs, *(template for _, template in resource.via))):
                    found[used].append(resource)
            self._users = found
        return self._users.get(address, ())

    def texts(self, resource: Resource) -> Sequence[Text]:
        """Return every text of a resource that is spoken or is a prompt; see ``texts``."""
        return self.once(_texts, resource).written

    def spoken(self, resource: Resource) -> Sequence[Text]:
        """Return the texts that people hear as they stand."""
        return self.once(_texts, resource).spoken

    def prompts(self, resource: Resource) -> Sequence[Text]:
        """Return the texts that a model reads before or during a call."""
        return self.once(_texts, resource).prompts

    def blank(self, resource: Resource) -> Sequence[Text]:
        """Return the texts that are empty, which no other method returns, or nothing but white space."""
        return self.once(_texts, resource).blank

    def blocks(self, resource: Resource) -> tuple[Block, ...]:
        """Return the blocks of an assistant or a workflow that name a provider; see ``providers``."""
        return self.once(_blocks, resource)

    def once(self, find: Callable[[Resource, View], _T], resource: Resource) -> _T:
        """Return what *find* says of a resource, which is asked once for all rules."""
        known = self._known[find]
        try:
            found: _T = known[resource.address]
        except KeyError:
            found = known[resource.address] = find(resource, self)
        return found

    def once_for_all(self, find: Callable[[View], _T]) -> _T:
        """Return what *find* says of the whole stack, which is asked once for all rules."""
        if find not in self._whole:
            self._whole[find] = find(self)
        found: _T = self._whole[find]
        return found

    def marked(self, resources: Iterable[Resource], marks: str, role: Role | None) -> list[Resource]:
        """Return those of *resources* in whose texts of a role, or any, one of the characters *marks* stands."""
        found = []
        for resource in resources:
            texts = self.as_one(resource, role)
            for mark in marks:
                if mark in texts:
                    found.append(resource)
                    break
        return found

    def as_one(self, resource: Resource, role: Role | None) -> str:
        """Return all texts of a resource as one, or those that are spoken: to look once whether something is there."""
        return self.once(_as_one, resource)[role is Role.SPOKEN]


class _Texts(NamedTuple):
    written: Sequence[Text]
    spoken: Sequence[Text]
    prompts: Sequence[Text]
    blank: Sequence[Text]


def _texts(resource: Resource, _view: View) -> _Texts:
    found = texts_of(resource)
    written = [text for text in found if text.text]
    spoken, prompts = ([text for text in written if text.role is role] for role in (Role.SPOKEN, Role.PROMPT))
    return _Texts(written, spoken, prompts, [text for text in found if not text.text or text.text.isspace()])


def _as_one(resource: Resource, view: View) -> tuple[str, str]:
    texts, spoken = view.texts(resource), view.spoken(resource)
    return "\n".join([text.text for text in texts]), "\n".join([text.text for text in spoken])


def _blocks(resource: Resource, _view: View) -> tuple[Block, ...]:
    return tuple(blocks_of(resource))
