"""Live objects that nothing manages become resource files of their own, whose next plan only adopts them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hmsplan.config.confined import ENVIRONMENTS
from hmsplan.config.environments import environments
from hmsplan.errors import ConfigError, HmsplanError, PlanError
from hmsplan.export.choices import Choices
from hmsplan.export.draft import Drafter, left_out
from hmsplan.export.files import resource_file
from hmsplan.export.keys import addresses_of
from hmsplan.export.selection import Selection
from hmsplan.kinds import KINDS
from hmsplan.model import Address, Binding
from hmsplan.operations.bind import our_members
from hmsplan.operations.checks import readable_credentials
from hmsplan.planner.last_applied import record
from hmsplan.planner.planner import make_plan
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hmsplan.config.confined import Folder
    from hmsplan.model import Diagnostic, Drift, Stack, State
    from hmsplan.operations.pull_trial import Live, Reload

ROUNDS: Final = 50


@dataclass(frozen=True, slots=True)
class Adopted:
    """New resources.

    Attributes:
        files: path to content.
        ids: address to (file, id of the live object).
        left_out: what is live of them and not written, one line each; foreign text.
        warnings: of credentials that are written.
    """

    files: Mapping[str, str]
    ids: Mapping[Address, tuple[str, str]]
    left_out: tuple[str, ...]
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Adopter:
    """Writes what is not managed.

    Attributes:
        instead: the files that change anyway.
    """

    stack: Stack
    folder: Folder
    reload: Reload
    live: Live
    state: State
    instead: Mapping[str, bytes]

    def adopt(self, unmanaged: Sequence[Drift], patterns: Sequence[str]) -> Adopted:
        """Write, load and plan until the stack is valid and the plan leaves the new objects as they are."""
        named = self._named(unmanaged, patterns)
        new = {address: object_id for (_, object_id), address in named.items() if address not in self.stack.resources}
        if not new:
            return Adopted({}, {}, ())
        only = tuple(map(str, new))
        taken = [f"prompts/{each}" for each in _below(self.folder, "prompts")]
        there = {address for address in named.values() if address in self.stack.resources}
        drafter, choices = Drafter(self.live.snapshot, Selection(only), named, there, taken), Choices()
        for _ in range(ROUNDS):
            drafts = drafter.draft(choices)
            places = {draft.address: self._file(draft.address) for draft in drafts.drafts}
            files = {places[each.address]: resource_file(each, places[each.address]) for each in drafts.drafts}
            files |= drafts.files
            specs = {draft.address: draft.spec for draft in drafts.drafts}
            try:
                loaded = self.reload(None, {**self.instead, **{path: text.encode() for path, text in files.items()}})
                plan = make_plan(loaded, self.live.snapshot, self._bound(loaded, new))
            except (ConfigError, PlanError) as error:
                if not choices.heed(error.diagnostics, specs):
                    raise
                continue
            if choices.heed_plan(plan, specs):
                continue
            read = {draft.address: (places[draft.address], draft.id) for draft in drafts.drafts}
            if unread := [place for address, (place, _) in read.items() if address not in loaded.resources]:
                detail = f"{wording.listed(unread)} would not be read: add the folder to include in hmsplan.yaml."
                raise HmsplanError(detail, summary="Cannot adopt")
            return Adopted(files, read, tuple(left_out(drafts, choices)), readable_credentials(loaded, read))
        raise HmsplanError("the new files do not become valid; please report this", summary="Cannot adopt")

    def _named(self, unmanaged: Sequence[Drift], patterns: Sequence[str]) -> dict[tuple[str, str], Address]:
        """Return (kind, id) to the address of what the stack declares, and of what is new, under keys that are free."""
        snapshot = self.live.snapshot
        named = {
            (address.kind, binding.id): address
            for address, binding in self.live.bindings.items()
            if address in self.stack.resources
        }
        taken = {*self.stack.resources, *self.live.bindings}
        for name, objects in snapshot.objects.items():
            wanted = {each.id for each in unmanaged if each.kind == name}
            keys = addresses_of(KINDS[name], [each for each in objects.values() if each.id in wanted])
            for object_id, address in keys.items():
                free = self._free(address, taken)
                if not patterns or any(fnmatchcase(str(free), pattern) for pattern in patterns):
                    named[name, object_id] = free
                    taken.add(free)
        return named

    def _free(self, address: Address, taken: Collection[Address]) -> Address:
        count, free = 1, address
        while free in taken or any(map(self.folder.exists, (self._file(free), f"leads/{free.key}.csv"))):
            count += 1
            free = Address(address.kind, f"{address.key}_{count}")
        return free

    def _file(self, address: Address) -> str:
        """Return the file of a new resource: of this environment alone where there are others, without the object."""
        file = f"{address.kind}/{address.key}.yaml"
        return f"{ENVIRONMENTS}/{self.stack.environment}/{file}" if len(environments(self.folder)) > 1 else file

    def _bound(self, stack: Stack, new: Mapping[Address, str]) -> State:
        """Return the state that an apply of the imports would leave behind."""
        ids = {**self.live.ids, **new}
        bindings = dict(self.live.bindings)
        for address, object_id in new.items():
            if (resource := stack.resources.get(address)) is not None:
                members = our_members(resource, self.live.snapshot.members.get(object_id, ()), self.state.lineage)
                bindings[address] = Binding(address, object_id, record(resource.spec, ids), members=members)
        return replace(self.state, bindings=MappingProxyType(bindings))


def _below(folder: Folder, at: str) -> Iterator[str]:
    for name in folder.names(at):
        if folder.is_folder(f"{at}/{name}"):
            yield from (f"{name}/{below}" for below in _below(folder, f"{at}/{name}"))
        else:
            yield name
