"""What is known of one kind of object, and of the members inside one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from hmsplan.kinds import normalise
from hmsplan.model import ANY_KEY, FieldPath, Pattern, matches, pattern, written

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from hmsplan.model import Spec


def patterns(*dotted: str) -> frozenset[Pattern]:
    """Read several patterns of paths, such as ``llm_config.tools[].name``."""
    return frozenset(map(pattern, dotted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Objects that live inside one of a kind and can only be added and removed.

    Attributes:
        name: field of the parent that declares them, and their collection in a list answer.
        path: of the list, below the parent's own path.
        identity: the fields that tell them apart; they form a multiset.
        canonical: field to canonical form.
        untouched: (field, value) of a member that nothing has happened to yet; others are history.
        on_create: how many may ride on the parent's own create; the rest is added one by one.
        total: field of the parent that counts them, which proves whether their list is whole.
        over: fields of the parent that count those to whom nothing more happens.
    """

    name: str
    singular: str
    path: str
    envelope: tuple[str, ...]
    identity: tuple[str, ...]
    canonical: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    untouched: tuple[str, str]
    on_create: int
    total: str
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What a template stands for where it is pasted in.

    Attributes:
        expand: fields of the template to the block; raises what Python raises for a live one of an unknown form.
        origin: path in the block to the paths in the template that it may come from, best first.
        is_tool: the block is a tool of an assistant, and has to be a right one.
    """

    expand: Callable[[Spec], dict[str, Any]]
    origin: Callable[[FieldPath], tuple[FieldPath, ...]]
    is_tool: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """An object of another kind that is used under its name: which provider's key, say.

    Attributes:
        kind: of the object that is used; the id of one is its identity.
        named: what stands at the place to that identity; None for none.
        substitute: what the platform uses instead of one that is not there; "" where the user cannot be without it.
    """

    kind: str
    named: Callable[[Any], str | None]
    substitute: str = ""

    @property
    def is_needed(self) -> bool:
        """Whether the user cannot be without it."""
        return not self.substitute


class Problem(NamedTuple):
    """Something in the fields of an object for which the API refuses it.

    Attributes:
        path: of the field at fault, list items by index.
        other: of the field that it clashes with, if there is one; the message ends with its line.
    """

    path: FieldPath
    summary: str
    detail: str
    other: FieldPath | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A graph inside an object, which is compared, shown and drawn as one: nodes, and edges between them.

    Attributes:
        nodes: list of its nodes, keyed.
        edges: list of its edges, keyed.
        entry: names the node where it begins.
        node_id: of a node, what edges call it.
        node_type: of a node, what it is.
        ends: of an edge, the nodes that it leaves and reaches.
        label: of an edge, when it is taken; an edge that keeps its label and one end was rewired.
        position: of a node, where an editor draws it; means nothing to anything else.
    """

    nodes: Pattern
    edges: Pattern
    entry: Pattern
    node_id: str
    node_type: str
    ends: tuple[str, str]
    label: str
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of object.

    Attributes:
        name: key in YAML and first half of an address.
        noun: what people call one, in a sentence.
        article: stands before the noun.
        path: of the list; an object lives at ``path/id``.
        collection: keys under which a list may come, best known first.
        envelope: keys under which one object may come; an object without an envelope is always understood.
        paged: the list takes ``limit`` and ``offset``.
        is_summary: the list leaves fields out, so each object is read by its id.
        unfold: the objects in an answer of ``path``, where it is no list and an object has no URL of its own; each with
            an id. None for an answer that is not understood.
        none_if: statuses by which a GET of ``path`` says that there is none, where ``unfold`` is set.
        is_single: the organization has at most one, so any live one is it.
        is_organization: the object is the organization of the key itself; its id is the ``org_id`` of all others.
        minutes: field of the organization that says how many minutes of calls are left.
        named_by: field by which the body of a write or delete says which object it means, there being no id in the URL.
        posted_to: field to the path that takes it, where that is another one; in a POST, merged into what is stored.
        identity: field that recognises an object we did not create.
        unique: the API holds that field unique.
        verbs: HTTP methods there are; no PATCH means that every change is a replace.
        required: fields without which a create is refused.
        required_if_new: such fields that may be left to an object which exists, since no answer shows them.
        required_in: block to the fields it needs in a create; "" stands for any value of the discriminator.
        refs: where an id of another kind stands.
        uses: where an object of another kind is named otherwise.
        expands: where a template may be pasted in, and of which kind.
        expansion: what a template of this kind stands for; None for what is no template.
        file: of an export, in which all of them stand; "" for a file each.
        in_calls: fields in which a call names who of this kind took part in it.
        in_every_call: a call always names one.
        calls_through: kind whose objects lead calls to those of this one by a reference, where a call may name only the
            former.
        aliases: other names the API answers with.
        computed: set by the platform; never planned on.
        secrets: fields whose live value is unknown, masked or absent; compared by fingerprint only.
        shown_names: map of secrets to the field in which an answer names its keys.
        caseless: maps whose keys are compared without regard to case, as HTTP does with the names of headers.
        write_only: top-level fields that an answer may leave out; then what was applied last stands for them.
        immutable: a change here means REPLACE.
        guarded_replace: a replace loses something that people hear, so it is refused unless allowed.
        guarded_delete: the same for a delete.
        loss: what people notice once one has gone, until another one works; "" for nothing that is not said already.
        irretrievable: what one that is made again in the place of a deleted one has not, as the end of a sentence.
        to_do: what people have to do once one is made, from what the API answered; a text to be copied is indented.
        trouble: what the platform itself found wrong with a live object, and no change of its fields would fix.
        clearable: top-level fields that null clears.
        emptied: clearable maps that {} clears, where the API refuses null.
        kept: clearable fields that are released, not cleared, when they are taken out: others cannot do without.
        after_create: fields that POST does not take; a PATCH follows.
        atomic: compared and sent whole; user-owned JSON.
        unordered: lists in which order means nothing.
        keyed: lists whose items have a name, and how to read it.
        distinct: keyed lists in which two items of one name are an error.
        spare: keyed list to a test for an extra live item that is the platform's own.
        canonical: field to canonical form, used for comparing only.
        sent_as: item of a list to the form in which the API takes its canonical one.
        null_matters: fields in which null differs from absent.
        union: block to the field that decides which keys it may have; when it changes, the live block is not kept.
        refused_with: block to a function of its fields, which names the keys that the API refuses next to the others.
        described: where objects of which schema of the API's description stand; the rules of ``api_rules`` hold there.
        checks: what the API refuses and neither a schema nor such a rule can say; takes fields of any form, ``${…}`` of
            what is not known yet included, and tells only what is wrong whatever that turns out to be.
        flow: the graph inside an object; None for a kind without one.
        together: field to the fields that have to travel with it.
        status: (field, value) that makes the platform act by itself; entering it is a guarded start.
        window: the fields that say from when to when, each day, and in which time zone the platform acts.
        initial: value of that field in a new object; there is nothing to send where it is declared.
        resting: value of that field that ends the acting, and is sent before such an object is deleted.
        exposing: fields that decide whom the platform reaches, and when, while it acts.
        final: (field, value) after which nothing can change.
        runtime: field to values that the platform sets by itself; such a difference is no drift.
        switch: field that turns an object off while it is false; "" for what is always on.
        meets_people: people talk to the platform through such an object: they call it, or it calls them.
        receivers: secret to the fields that decide who receives it; one outside its list counts where none inside does.
    """

    name: str
    singular: str
    noun: str
    article: str = "a"
    path: str
    docs: str
    collection: tuple[str, ...]
    envelope: tuple[str, ...]
    identity: str
    unique: bool = False
    paged: bool = False
    is_summary: bool = False
    unfold: Callable[[Any], list[dict[str, Any]] | None] | None = None
    none_if: frozenset[int] = frozenset()
    is_single: bool = False
    is_organization: bool = False
    minutes: str = ""
    named_by: str = ""
    posted_to: Mapping[str, str] = field(default_factory=dict)
    verbs: frozenset[str] = frozenset({"GET", "POST", "PATCH", "DELETE"})
    required: frozenset[str] = frozenset()
    required_if_new: frozenset[str] = frozenset()
    required_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refs: Mapping[Pattern, str] = field(default_factory=dict)
    uses: Mapping[Pattern, Use] = field(default_factory=dict)
    expands: Mapping[Pattern, str] = field(default_factory=dict)
    expansion: Expansion | None = None
    file: str = ""
    in_calls: tuple[str, ...] = ()
    in_every_call: bool = False
    calls_through: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    computed: frozenset[str] = frozenset()
    secrets: frozenset[Pattern] = frozenset()
    shown_names: Mapping[str, str] = field(default_factory=dict)
    caseless: frozenset[Pattern] = frozenset()
    write_only: frozenset[str] = frozenset()
    immutable: frozenset[str] = frozenset()
    guarded_replace: bool = False
    guarded_delete: bool = False
    loss: str = ""
    irretrievable: str = ""
    to_do: Callable[[Spec], Iterable[str]] | None = None
    trouble: Callable[[Spec], Iterator[Problem]] | None = None
    clearable: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    after_create: frozenset[str] = frozenset()
    atomic: frozenset[Pattern] = frozenset()
    unordered: frozenset[Pattern] = frozenset()
    keyed: Mapping[Pattern, Callable[[Any], str]] = field(default_factory=dict)
    distinct: frozenset[Pattern] = frozenset()
    spare: Mapping[Pattern, Callable[[str | int, Mapping[Any, Any], Mapping[str, Any], Mapping[str, Any]], bool]] = (
        field(default_factory=dict)
    )
    canonical: Mapping[Pattern, Callable[[Any], Any]] = field(default_factory=dict)
    sent_as: Mapping[Pattern, Callable[[Any], Any]] = field(default_factory=dict)
    null_matters: frozenset[Pattern] = frozenset()
    union: Mapping[str, str] = field(default_factory=dict)
    refused_with: Mapping[str, Callable[[Mapping[str, Any]], frozenset[str]]] = field(default_factory=dict)
    described: Mapping[Pattern, str] = field(default_factory=dict)
    checks: Callable[[Mapping[str, Any]], Iterator[Problem]] | None = None
    flow: Flow | None = None
    together: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    status: tuple[str, str] | None = None
    window: tuple[str, str, str] | None = None
    initial: str = ""
    resting: str = ""
    exposing: frozenset[str] = frozenset()
    final: tuple[str, str] | None = None
    runtime: Mapping[str, frozenset[str]] = field(default_factory=dict)
    switch: str = ""
    meets_people: bool = False
    receivers: Mapping[Pattern, frozenset[Pattern]] = field(default_factory=dict)
    members: Members | None = None

    def __post_init__(self) -> None:
        """Refuse contradictions."""
        for rule, names in self._contradictions():
            if names:
                told = sorted(name if isinstance(name, str) else written(name) for name in names)
                msg = f"kind {self.name}: {rule}: {told}"
                raise ValueError(msg)

    def _contradictions(self) -> Iterator[tuple[str, Collection[str | Pattern]]]:
        """Yield each rule, with the fields that break it."""
        yield "immutable and clearable", self.immutable & self.clearable
        yield "kept and not clearable", self.kept - self.clearable
        yield "emptied and not clearable", self.emptied - self.clearable
        yield "computed and required", self.computed & self.required
        yield "computed and immutable", self.computed & self.immutable
        yield "clearable and required", self.clearable & self.required
        yield "after_create and required", self.after_create & self.required
        yield "after_create without PATCH", frozenset() if self.patchable else self.after_create
        yield "secret and reference", self.secrets & self.refs.keys()
        yield "unordered and keyed", self.unordered & self.keyed.keys()
        yield "distinct and not keyed", self.distinct - self.keyed.keys()
        yield "spare and not keyed", self.spare.keys() - self.keyed.keys()
        yield "flow and not keyed", {self.flow.nodes, self.flow.edges} - self.keyed.keys() if self.flow else ()
        yield "receivers of a field that is not secret", self.receivers.keys() - self.secrets
        yield "shown names of what holds no secrets", {f for f in self.shown_names if (f, ANY_KEY) not in self.secrets}
        yield "write-only and computed", self.write_only & self.computed
        yield "says that there is none without unfold", {str(s) for s in self.none_if} if self.unfold is None else ()
        yield "named by what may change", {self.named_by} - {"", self.identity}
        inside = {*self.refs, *self.secrets, *self.keyed}
        yield "within what is atomic", {p for p in inside if any(p[: len(json)] == json for json in self.atomic)}
        acting: dict[str, object] = {"initial": self.initial, "resting": self.resting}
        yield "status without", {name for name, value in acting.items() if self.status is not None and not value}
        acting |= {"window": self.window, "exposing": self.exposing, "runtime": self.runtime}
        yield "without status", {name for name, value in acting.items() if self.status is None and value}

    @property
    def resettable(self) -> frozenset[str]:
        """Top-level fields that are cleared when they are taken out of the stack."""
        return self.clearable - self.kept

    def hours(self, spec: Spec) -> tuple[str, str, str] | None:
        """Return from when to when the platform acts each day, and in which time zone ("?" for what is not known).

        None for what never acts.
        """
        if self.window is None:
            return None
        start, end, zone = (str(spec.get(name, "?")) for name in self.window)
        return start, end, zone

    @property
    def patchable(self) -> bool:
        """Whether an object can be changed in place at all: by PATCH, or by a POST that replaces what is stored."""
        return "PATCH" in self.verbs or bool(self.named_by)

    @property
    def targets(self) -> frozenset[str]:
        """The kinds whose objects one of this kind may use."""
        return frozenset({*self.refs.values(), *(use.kind for use in self.uses.values())})

    def is_secret(self, place: Pattern) -> bool:
        """Say whether a secret stands at *place*, a path in which every item of a list is ``*``."""
        return place in self.secrets or _is_below(self.secrets, place, whole=True)

    def may_hold_secret(self, place: Pattern) -> bool:
        """Say whether a secret stands at *place*, or anywhere below it."""
        return _is_below(self.secrets, place, whole=False)


@lru_cache(maxsize=4096)
def _is_below(secrets: frozenset[Pattern], place: Pattern, *, whole: bool) -> bool:
    """Say whether *place* is one that a pattern of *secrets* names, or unless *whole* the way to one."""
    depth = len(place)
    return any(
        matches(place, secret[:depth])
        for secret in secrets
        if len(secret) == depth or (not whole and len(secret) > depth)
    )


NAME: Final = {pattern("name"): normalise.name}
"""The canonical form of the field that names an object of most kinds."""

STAMPS: Final = frozenset({"id", "org_id", "created_at", "updated_at"})
"""What the platform sets on an object of every kind."""

Kinds: TypeAlias = "Mapping[str, Kind]"
"""Kinds by name, each after the kinds it refers to."""
