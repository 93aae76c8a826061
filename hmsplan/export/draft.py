"""The fields of live objects as an author would write them. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config import schema
from hmsplan.config.interpolation import escape
from hmsplan.config.yaml_writer import CannotWrite, block, scalar
from hmsplan.export import leads
from hmsplan.export.choices import without
from hmsplan.export.defaults import without_defaults
from hmsplan.export.keys import addresses
from hmsplan.export.selection import EVERYTHING
from hmsplan.export.texts import Texts
from hmsplan.kinds import KINDS, normalise, tool_forms
from hmsplan.kinds.identity import identity_of
from hmsplan.model import ANY, MISSING, Missing, Secret, Unsendable, dotted, leaves, matches
from hmsplan.planner.places import named_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from hmsplan.export.choices import Choices
    from hmsplan.export.selection import Selection
    from hmsplan.kinds import Kind
    from hmsplan.kinds.kind import Expansion
    from hmsplan.model import Address, FieldPath, Pattern, RemoteObject, Snapshot, Spec

HANG_UP: Final = {"type": "end_call"}


@dataclass(slots=True)
class Draft:
    """One object on its way to a file.

    Attributes:
        spec: its fields as they are written, ``${…}`` included.
        secrets: where a secret is, or may be, and cannot be exported.
        notes: path to why something that is live is not written.
        outside: where an id stands of an object that is not written, and the address that it would have.
    """

    address: Address
    id: str
    spec: dict[str, Any] = field(default_factory=dict)
    secrets: list[FieldPath] = field(default_factory=list)
    notes: list[tuple[FieldPath, str]] = field(default_factory=list)
    outside: list[tuple[FieldPath, Address]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Drafts:
    """Everything that is written.

    Attributes:
        files: the prompts and lists of leads, by path.
    """

    drafts: tuple[Draft, ...]
    files: Mapping[str, str]


class Drafter:
    """Writes the objects of one snapshot, as often as it takes.

    Attributes:
        addresses: (kind, id) to address of every live object.
        there: addresses that the stack declares already: named, and not written.
        taken: paths of text files that are there already.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        selection: Selection = EVERYTHING,
        named: Mapping[tuple[str, str], Address] | None = None,
        there: Collection[Address] = (),
        taken: Collection[str] = (),
    ) -> None:
        self.snapshot = snapshot
        self.selection = selection
        self.addresses = addresses(snapshot) if named is None else named
        self.there, self.taken = there, taken

    def draft(self, choices: Choices) -> Drafts:
        """Write every object that is selected and that *choices* does not drop, less what it prunes."""
        texts = Texts(_taken={path.casefold() for path in self.taken})
        self._drop_hopeless(choices)
        written = {key: address for key, address in self._chosen() if address not in choices.dropped}
        pastes = _Pastes(self._templates(set(written.values()) - choices.alone))
        links = _Links(written, self.addresses, self._identities(written))
        drafts = []
        for live, address in self._objects():
            if (live.kind, live.id) not in written or address in self.there:
                continue
            own = _Pastes() if address in choices.alone else pastes
            writer = _Writer(KINDS[address.kind], Draft(address, live.id), texts, own, links, live)
            writer.write()
            self._write_members(writer, live)
            if self.selection.minimal:
                writer.draft.spec = without_defaults(address.kind, writer.draft.spec)
            for path in choices.pruned.get(address, ()):
                without(writer.draft.spec, path)
            drafts.append(writer.draft)
        used = _named_files(draft.spec for draft in drafts)
        return Drafts(tuple(drafts), {path: text for path, text in texts.files.items() if path in used})

    def _chosen(self) -> Iterator[tuple[tuple[str, str], Address]]:
        chosen = self.selection.includes
        return ((key, each) for key, each in self.addresses.items() if each in self.there or chosen(each))

    def _drop_hopeless(self, choices: Choices) -> None:
        """Leave out what cannot be declared by any means; what refers to it keeps its id."""
        for live, address in self._objects():
            if address in self.there:
                continue
            kind = KINDS[live.kind]
            name = live.fields.get(kind.identity)
            try:
                Texts().put(name if isinstance(name, str) else "", address, ())
            except CannotWrite as reason:
                choices.dropped.setdefault(address, f"its name: {reason}")
            unseen = sorted(name for name in kind.required & kind.write_only if live.fields.get(name) is None)
            if unseen:
                choices.dropped.setdefault(address, f"the API does not show {' and '.join(unseen)}")

    def _objects(self) -> Iterator[tuple[RemoteObject, Address]]:
        for name in KINDS:
            objects = self.snapshot.objects.get(name, {})
            mine = ((o, self.addresses[name, o.id]) for o in objects.values() if (name, o.id) in self.addresses)
            chosen = (pair for pair in mine if pair[1] in self.there or self.selection.includes(pair[1]))
            yield from sorted(chosen, key=lambda pair: pair[1])

    def _templates(self, usable: Collection[Address]) -> Iterator[tuple[Address, Any]]:
        """Yield what each usable template stands for, by its address."""
        for live, address in self._objects():
            expansion = KINDS[live.kind].expansion
            if expansion is not None and address in usable:
                yield address, _expanded(expansion, live.fields)

    def _identities(self, written: Mapping[tuple[str, str], Address]) -> dict[str, str]:
        """Return each phone number of the organization's own, and how another field copies it."""
        found: dict[str, str] = {}
        for live, address in self._objects():
            kind = KINDS[live.kind]
            number = identity_of(kind, live.fields)
            if kind.canonical.get((kind.identity,)) is normalise.phone_number and (live.kind, live.id) in written:
                found.setdefault(number, f"${{{address}.{kind.identity}}}")
        return found

    def _write_members(self, writer: _Writer, live: RemoteObject) -> None:
        members = KINDS[live.kind].members
        if members is None:
            return
        if live.id not in self.snapshot.members:
            why = "--without-leads" if self.selection.without_leads else "the key may not read them"
            if live.fields.get(members.total) != 0:
                writer.draft.notes.append(((members.name,), why))
            return
        path = f"{members.name}/{writer.draft.address.key}.csv"
        found = leads.written(self.snapshot.members[live.id], path)
        writer.draft.notes += [((members.name,), note) for note in found.notes]
        if found.value is not None:
            writer.draft.spec[members.name] = found.value
        if found.csv is not None:
            writer.texts.files[path] = found.csv


class _Pastes:
    """Finds the template that a block was copied from; only an exact copy counts."""

    def __init__(self, templates: Iterable[tuple[Address, Any]] = ()) -> None:
        self._templates: defaultdict[tuple[str, str], list[tuple[Address, Any]]] = defaultdict(list)
        for address, stands_for in templates:
            if stands_for is not None and stands_for != HANG_UP:
                block = _comparable(address.kind, stands_for)
                self._templates[address.kind, _mark(block)].append((address, block))

    def named(self, kind: str, value: Any) -> str | None:
        """Return ``${kind.key}`` of the template of a *kind* that *value* is a copy of, or None."""
        block = _comparable(kind, value)
        same = (address for address, other in self._templates.get((kind, _mark(block)), ()) if other == block)
        address = next(same, None)
        return f"${{{address}}}" if address else None


def _comparable(kind: str, value: Any) -> Any:
    return tool_forms.tool(value) if _is_tool(kind) else value


def _mark(block: Any) -> str:
    return tool_forms.tool_name(block) if isinstance(block, dict) and ("name" in block or "type" in block) else ""


def _is_tool(kind: str) -> bool:
    expansion = KINDS[kind].expansion
    return expansion is not None and expansion.is_tool


def _expanded(expansion: Expansion, fields: Spec) -> Any:
    try:
        return expansion.expand(fields)
    except (KeyError, TypeError, AttributeError):
        return None  # a template in a form that is not documented


@dataclass(frozen=True, slots=True)
class _Links:
    """What the fields of one object may say of others.

    Attributes:
        written: (kind, id) to address of everything that is written.
        known: the same of everything that was read.
        numbers: canonical phone number to the expression that copies it.
    """

    written: Mapping[tuple[str, str], Address]
    known: Mapping[tuple[str, str], Address]
    numbers: Mapping[str, str]


@dataclass(slots=True)
class _Writer:
    """Writes one object."""

    kind: Kind
    draft: Draft
    texts: Texts
    pastes: _Pastes
    links: _Links
    live: RemoteObject

    def write(self) -> None:
        """Write every field that can be set."""
        members = {self.kind.members.name} if self.kind.members else set()
        settable = [
            name for name in schema.fields(self.kind.name) if name not in {"lifecycle", "extends", "extra"} | members
        ]
        live = self.live
        for name in settable:
            if live.fields.get(name) is None and name in self.kind.write_only:
                self.draft.notes.append(((name,), "the API does not show it"))
            elif name in live.fields:
                written = self._value(live.fields[name], (name,), (name,))
                if written is not MISSING:
                    self.draft.spec[name] = written
            elif self.kind.is_secret((name,)):
                self._note_secret((name,))
        if self.kind.final is not None and live.fields.get(self.kind.final[0]) == self.kind.final[1]:
            self.draft.spec.pop(self.kind.final[0], None)
            self.draft.notes.append(((self.kind.final[0],), f"{self.kind.final[1]} is set by the platform"))
        ours = {*settable, *self.kind.computed, *self.kind.aliases, *members}
        unknown = [name for name, value in live.fields.items() if name not in ours and value is not None]
        self.draft.notes += [((name,), "this hmsplan does not know the field") for name in unknown]

    def _value(self, value: Any, path: FieldPath, pat: Pattern) -> Any:
        if isinstance(value, Secret):
            self._note_secret(path)
            return MISSING
        if value is None:
            return MISSING
        try:
            return self._written(value, path, pat)
        except CannotWrite as reason:
            self.draft.notes.append((path, str(reason)))
            return MISSING

    def _written(self, value: Any, path: FieldPath, pat: Pattern) -> Any:
        if self._is_atomic(pat):
            whole = _escaped(value)
            block({"value": whole})
            return whole
        match value:
            case dict() if (template := self.kind.expands.get(pat)) is not None:
                return self._pasted(value, template, path, pat)
            case dict():
                return self._block(value, path, pat)
            case list():
                return self._list(value, path, pat)
            case str():
                return self._text(value, path, pat)
        scalar(value)
        return value

    def _note_secret(self, path: FieldPath) -> None:
        if path not in self.draft.secrets:
            self.draft.secrets.append(path)

    def _pasted(self, value: dict[str, Any], template: str, path: FieldPath, pat: Pattern) -> Any:
        """Write what may be the copy of a template."""
        if not _is_tool(template):
            return self.pastes.named(template, value) or self._block(value, path, pat)
        return self._tool(value, template, path, pat)

    def _tool(self, value: dict[str, Any], template: str, path: FieldPath, pat: Pattern) -> Any:
        """Write a tool in its flat form, unless only the nested one may do without a description."""
        found = tool_forms.tool(value)
        flat = {"type": found["type"], **found} if "type" in found else found
        if named := self.pastes.named(template, flat):
            return named
        if isinstance(value.get("server"), dict):  # where a secret may be that reading never shows
            self._note_secret((*path, "server", "secret"))
        return self._block(value if "function" in value and "description" not in flat else flat, path, pat)

    def _block(self, value: dict[str, Any], path: FieldPath, pat: Pattern) -> Any:
        written = {key: self._value(item, (*path, key), (*pat, key)) for key, item in value.items()}
        found = {key: item for key, item in written.items() if item is not MISSING}
        block(dict.fromkeys(found, 0))  # the keys, too, have to fit into a file
        return found if found or not value or isinstance(path[-1], int) else MISSING

    def _list(self, value: list[Any], path: FieldPath, pat: Pattern) -> Any:
        found = [None if v is None else self._value(v, (*path, i), (*pat, ANY)) for i, v in enumerate(value)]
        return MISSING if any(item is MISSING for item in found) else found

    def _text(self, value: str, path: FieldPath, pat: Pattern) -> str | Missing:
        target = self.kind.refs.get(pat)
        if target is not None and (target, value) in self.links.written:
            return f"${{{self.links.written[target, value]}}}"
        if target is not None and (target, value) in self.links.known:
            self.draft.outside.append((path, self.links.known[target, value]))
        is_identity = path == (self.kind.identity,)
        if self.kind.canonical.get(pat) is tool_forms.tool_type:
            value = str(tool_forms.tool_type(value))
        if self.kind.canonical.get(pat) is normalise.phone_number:
            value = str(normalise.phone_number(value))
            if not is_identity and value in self.links.numbers:
                return self.links.numbers[value]
        return self.texts.put(value, self.draft.address, self._named(path), inline=is_identity)

    def _named(self, path: FieldPath) -> FieldPath:
        """Return *path* with the names of items where their list has names."""
        return named_path(self.kind, self.live.fields, path)

    def _is_atomic(self, pat: Pattern) -> bool:
        """Say whether user-owned JSON stands at *pat*, which also has the form of nested tools."""
        in_tool = any(_is_tool(kind) and pat[: len(tool)] == tool for tool, kind in self.kind.expands.items())
        flat = tuple(part for part in pat if part != "function") if in_tool else pat
        return any(matches(flat, atomic) for atomic in self.kind.atomic)


def _escaped(value: Any) -> Any:
    """Return JSON of the author such that it comes back unchanged."""
    if isinstance(value, Unsendable):
        return scalar(value)  # which says why it cannot be written
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, list) else value


def _named_files(specs: Iterable[Spec]) -> set[str]:
    """Return the paths that the specs name; a pruned field names none any more."""
    texts = (leaf for spec in specs for _, leaf in leaves(spec) if isinstance(leaf, str))
    return {text.partition(":")[2].removesuffix("}") for text in texts if text.startswith(("${file:", "${csv:"))}


def left_out(drafts: Drafts, choices: Choices, unread: Iterable[str] = ()) -> list[str]:
    """Say what is live and not written, one line each; *unread* are the kinds that were not shown."""
    lines = [f"{kind}: the key may not read them, or the API does not have them" for kind in unread]
    lines += [f"{address}: {why}" for address, why in choices.dropped.items()]
    for draft in drafts.drafts:
        notes = _once(draft.notes, choices.pruned.get(draft.address, {}))
        lines += [f"{draft.address} {dotted(path)}: {why}" for path, why in notes]
    return sorted(set(lines))


def _once(notes: Iterable[tuple[FieldPath, str]], pruned: Mapping[FieldPath, str]) -> Iterator[tuple[FieldPath, str]]:
    """Yield one reason for each place: of one that went because something in it cannot be written, that reason."""
    causes = dict(notes)
    for place, why in pruned.items():
        inside = [path for path in causes if path[: len(place)] == place]
        yield place, "; ".join(f"{dotted(path)}: {causes.pop(path)}" for path in inside) or why
    yield from causes.items()
