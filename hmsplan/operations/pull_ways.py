"""How one drifted value can be written: what to replace in which file, by the layer that decides the value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hmsplan.config.interpolation import FileProblem, whole_csv
from hmsplan.config.layers import SourceMap
from hmsplan.config.yaml_writer import CannotWrite
from hmsplan.export.edit.csv_rows import without_rows
from hmsplan.export.edit.places import Place, around, place_of
from hmsplan.export.edit.rewrite import Rewriter
from hmsplan.export.edit.splices import CannotEdit, Splice
from hmsplan.export.edit.yaml_edit import refuse_alias, set_value, value_in
from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, SourceLine
from hmsplan.operations.pull_trial import Way
from hmsplan.planner.diff import at_path, pattern_of
from hmsplan.planner.drift import gone_members
from hmsplan.planner.places import indexed_path
from hmsplan.planner.request_body import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hmsplan.model import Resource
    from hmsplan.operations.pull_trial import Trial, Unit


@dataclass(frozen=True, slots=True)
class WayFinder:
    """Finds how values can be written, in the files as they are."""

    trial: Trial

    def find(self, unit: Unit) -> None:
        """Give *unit* its ways and places, or the reason why there is none."""
        resource = self.trial.stack.resources[unit.address]
        members = KINDS[unit.address.kind].members
        if not isinstance(resource.locate, SourceMap):
            unit.reason = "it was not read from files"
            return
        try:
            if members is not None and unit.path == (members.name,):
                self._members(unit, resource, resource.locate)
            else:
                self._value(unit, resource, resource.locate)
        except (CannotEdit, CannotWrite) as reason:
            unit.reason = str(reason)
        except FileProblem as problem:
            unit.reason = problem.detail

    def _value(self, unit: Unit, resource: Resource, source_map: SourceMap) -> None:
        kind, live = KINDS[unit.address.kind], self.trial.live.fields(unit.address)
        declared = resolve(resource.spec, self.trial.live.ids)
        want, have = at_path(kind, declared, unit.path), at_path(kind, live, unit.path)
        at, rewriter = indexed_path(kind, resource.spec, unit.path), self._rewriter()
        if want is MISSING:
            place = around(unit.address, source_map, at)
            new = rewriter.fresh(place.kind, place.pattern, have)
            self._add(unit, place, rewriter, [lambda: set_value(self.trial.text(place.file), place.path, new)])
            return
        place = place_of(unit.address, source_map, at)
        if have is MISSING or have is None:
            self._add(unit, place, rewriter, self._without(place))
            return
        names = [path[-1] for path in unit.paths if path != unit.path]
        written = place.node.value
        if names and pattern_of(kind, unit.path) in kind.keyed:
            new = rewriter.items(place.kind, place.pattern, written, want, have, names)
        else:
            new = rewriter.value(place.kind, place.pattern, written, want, have)
        self._add(unit, place, rewriter, [lambda: self._yaml(place, new)])

    def _yaml(self, place: Place, new: Any) -> list[Splice]:
        if repr(new) == repr(place.node.value):  # what changes stands in another file
            return []
        return set_value(self.trial.text(place.file), place.path, new)

    def _without(self, place: Place) -> list[Callable[[], list[Splice]]]:
        """Return two ways: null says that a field is cleared, a key of a block is rather taken out."""
        text, (*above, key) = self.trial.text(place.file), place.path

        def take_out() -> list[Splice]:
            refuse_alias(text, place.path)
            block = value_in(text, tuple(above))
            if not isinstance(block, dict):
                raise CannotEdit("it is an item of a list")
            return set_value(text, tuple(above), {name: item for name, item in block.items() if name != key})

        def clear() -> list[Splice]:
            return set_value(text, place.path, None)

        return [clear, take_out] if len(place.pattern) == 1 else [take_out, clear]

    def _add(self, unit: Unit, place: Place, rewriter: Rewriter, ways: Sequence[Callable[[], list[Splice]]]) -> None:
        """Note the ways that are possible at all; the first reason counts when none is."""
        unit.place = place.file if place.name == str(unit.address) else place.name
        unit.places = (place.node.source,)
        more = self._side_edits(unit, rewriter)
        reason = ""
        for way in ways:
            try:
                own = [(place.file, splice) for splice in way()]
            except CannotEdit as error:
                reason = reason or str(error)
            else:
                unit.ways.append(Way((*own, *more)))
        if not unit.ways:
            raise CannotEdit(reason)

    def _side_edits(self, unit: Unit, rewriter: Rewriter) -> list[tuple[str, Splice]]:
        """Return what a value changes in other places than its own: prompt files and variables."""
        splices: list[tuple[str, Splice]] = []
        for path, text in rewriter.texts.items():
            old = self.trial.text(path)
            new = text.replace("\n", "\r\n") if "\r\n" in old else text
            splices.append((path, Splice(0, len(old), new)))
            unit.place, unit.places = path, (SourceLine(path, _first_change(old, new)),)
        for (source, at), value in rewriter.variables.items():
            splices += [(source.file, splice) for splice in set_value(self.trial.text(source.file), at, value)]
            unit.place, unit.places = f"the variable {at[1]}", (source,)
        return splices

    def _members(self, unit: Unit, resource: Resource, source_map: SourceMap) -> None:
        """Take the members out of their list that are not live any more."""
        kind, live = KINDS[unit.address.kind], self.trial.live
        binding = live.bindings[unit.address]
        gone = gone_members(kind, binding, resource.members or (), live.snapshot, live.lineage)
        place = place_of(unit.address, source_map, unit.path)
        file = whole_csv(place.node.value)
        unit.place = file or place.name
        unit.places = tuple(resource.member_sources[index] for index in gone)
        if file is not None:
            splices = without_rows(self.trial.text(file), {each.line for each in unit.places})
            unit.ways.append(Way(tuple((file, splice) for splice in splices)))
        else:
            left = [item for index, item in enumerate(place.node.value) if index not in gone]
            unit.ways.append(Way(tuple((place.file, splice) for splice in self._yaml(place, left))))

    def _rewriter(self) -> Rewriter:
        live, stack = self.trial.live, self.trial.stack
        bound = {(each.kind, binding.id): each for each, binding in live.bindings.items() if each in stack.resources}
        return Rewriter(stack, bound, self.trial.folder.read_text)


def _first_change(old: str, new: str) -> int:
    """Return the first line of *new* that differs."""
    olds, news = old.splitlines(), new.splitlines()
    same = (n for n, (one, other) in enumerate(zip(olds, news, strict=False)) if one != other)
    return next(same, min(len(olds), len(news))) + 1
