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
from hmsplan.export.keys import addresses
from hmsplan.export.texts import Texts
from hmsplan.kinds import KINDS, normalise, tool_forms
from hmsplan.model import ANY, MISSING, Missing, Secret, Unsendable, dotted, leaves, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.export.choices import Choices
    from hmsplan.kinds import Kind
    from hmsplan.kinds.kind import Expansion
    from hmsplan.model import Address, FieldPath, Pattern, RemoteObject, Snapshot, Spec

TOOL: Final = ("llm_config", "tools", ANY)
ANALYSIS: Final = ("analysis_plan",)
HANG_UP: Final = {"type": "end_call"}


@dataclass(slots=True)
class Draft:
    """One object on its way to a file.

    Attributes:
        spec: its fields as they are written, ``${…}`` included.
        secrets: where a secret is, or may be, and cannot be exported.
        notes: path to why something that is live is not written.
    """

    address: Address
    id: str
    spec: dict[str, Any] = field(default_factory=dict)
    secrets: list[FieldPath] = field(default_factory=list)
    notes: list[tuple[FieldPath, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Drafts:
    """Everything that is written.

    Attributes:
        files: the prompts and lists of leads, by path.
    """

    drafts: tuple[Draft, ...]
    files: Mapping[str, str]


class Drafter:
    """Writes the objects of one snapshot, as often as it takes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.addresses = addresses(snapshot)

    def draft(self, choices: Choices) -> Drafts:
        """Write every object that *choices* does not drop, less what it prunes."""
        texts = Texts()
        pastes = _Pastes(self._templates(choices, are_tools=True), self._templates(choices, are_tools=False))
        drafts = []
        self._drop_unnamed(choices)
        known = {key: address for key, address in self.addresses.items() if address not in choices.dropped}
        for live, address in self._objects():
            if address in choices.dropped:
                continue
            own = _Pastes() if address in choices.alone else pastes
            writer = _Writer(KINDS[address.kind], Draft(address, live.id), texts, own, known)
            writer.write(live)
            self._write_leads(writer, live)
            for path in choices.pruned.get(address, ()):
                without(writer.draft.spec, path)
            drafts.append(writer.draft)
        used = _named_files(draft.spec for draft in drafts)
        return Drafts(tuple(drafts), {path: text for path, text in texts.files.items() if path in used})

    def _drop_unnamed(self, choices: Choices) -> None:
        """Leave out what has a name that cannot be written; what refers to it keeps its id."""
        for live, address in self._objects():
            name = live.fields.get(KINDS[live.kind].identity)
            try:
                Texts().put(name if isinstance(name, str) else "", address, ())
            except CannotWrite as reason:
                choices.dropped.setdefault(address, f"its name: {reason}")

    def _objects(self) -> Iterator[tuple[RemoteObject, Address]]:
        for name in KINDS:
            objects = self.snapshot.objects.get(name, {})
            yield from sorted(((o, self.addresses[name, o.id]) for o in objects.values()), key=lambda pair: pair[1])

    def _templates(self, choices: Choices, *, are_tools: bool) -> list[tuple[Address, Any]]:
        """Return what each usable template stands for, by its address; None for one of an unknown form."""
        out_of_use = choices.dropped.keys() | choices.alone
        return [
            (address, _expanded(expansion, live.fields))
            for live, address in self._objects()
            if (expansion := KINDS[live.kind].expansion) is not None
            and expansion.is_tool is are_tools
            and address not in out_of_use
        ]

    def _write_leads(self, writer: _Writer, live: RemoteObject) -> None:
        members = KINDS[live.kind].members
        if members is None or live.id not in self.snapshot.members:
            return
        path = f"{members.name}/{writer.draft.address.key}.csv"
        found = leads.written(self.snapshot.members[live.id], path)
        writer.draft.notes += [((members.name,), note) for note in found.notes]
        if found.value is not None:
            writer.draft.spec[members.name] = found.value
        if found.csv is not None:
            writer.texts.files[path] = found.csv


class _Pastes:
    """Finds the template that a tool or an analysis was copied from; only an exact copy counts."""

    def __init__(self, tools: Iterable[tuple[Address, Any]] = (), analyses: Sequence[tuple[Address, Any]] = ()) -> None:
        self._tools: defaultdict[str, list[tuple[Address, Any]]] = defaultdict(list)
        for address, tool in tools:
            if tool is not None and tool != HANG_UP:
                flat = tool_forms.tool(tool)
                self._tools[tool_forms.tool_name(flat)].append((address, flat))
        self._analyses = analyses

    def tool(self, flat: Any) -> str | None:
        """Return ``${tool_templates.x}`` for a tool in flat form, or None."""
        same = (address for address, tool in self._tools.get(tool_forms.tool_name(flat), ()) if tool == flat)
        address = next(same, None)
        return f"${{{address}}}" if address else None

    def analysis(self, plan: Any) -> str | None:
        """Return ``${analysis_templates.x}`` for an analysis plan, or None."""
        address = next((address for address, expanded in self._analyses if expanded == plan), None)
        return f"${{{address}}}" if address else None


def _expanded(expansion: Expansion, fields: Spec) -> Any:
    try:
        return expansion.expand(fields)
    except (KeyError, TypeError, AttributeError):
        return None  # a template in a form that nobody documented


@dataclass(slots=True)
class _Writer:
    """Writes one object."""

    kind: Kind
    draft: Draft
    texts: Texts
    pastes: _Pastes
    known: Mapping[tuple[str, str], Address]

    def write(self, live: RemoteObject) -> None:
        """Write every field that can be set."""
        members = {self.kind.members.name} if self.kind.members else set()
        settable = [name for name in schema.fields(self.kind.name) if name not in {"lifecycle", "extra"} | members]
        for name in settable:
            if name in live.fields:
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
            case dict() if pat == TOOL:
                return self._tool(value, path, pat)
            case dict():
                return (pat == ANALYSIS and self.pastes.analysis(value)) or self._block(value, path, pat)
            case list():
                return self._list(value, path, pat)
            case str():
                return self._text(value, path, pat)
        scalar(value)
        return value

    def _note_secret(self, path: FieldPath) -> None:
        if path not in self.draft.secrets:
            self.draft.secrets.append(path)

    def _tool(self, value: dict[str, Any], path: FieldPath, pat: Pattern) -> Any:
        """Write a tool in its flat form, unless only the nested one may do without a description."""
        found = tool_forms.tool(value)
        flat = {"type": found["type"], **found} if "type" in found else found
        if named := self.pastes.tool(flat):
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
        address = self.known.get((target, value)) if target else None
        if address is not None:
            return f"${{{address}}}"
        if self.kind.canonical.get(pat) is normalise.phone_number:
            value = normalise.phone_number(value)
        return self.texts.put(value, self.draft.address, path, inline=path == (self.kind.identity,))

    def _is_atomic(self, pat: Pattern) -> bool:
        flat = tuple(part for part in pat if part != "function") if pat[:2] == TOOL[:2] else pat
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


def left_out(drafts: Drafts, choices: Choices) -> list[str]:
    """Say what is live and not written, one line each."""
    lines = [f"{address}: {why}" for address, why in choices.dropped.items()]
    for draft in drafts.drafts:
        notes = [*draft.notes, *choices.pruned.get(draft.address, {}).items()]
        lines += [f"{draft.address} {dotted(path)}: {why}" for path, why in notes]
    return sorted(set(lines))
