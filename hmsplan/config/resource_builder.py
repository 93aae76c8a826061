"""Resolved fields become ``Resource`` values: checked, bound, templates pasted, leads read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hmsplan.config import extra, leads, schema
from hmsplan.config.bases import EXTENDS
from hmsplan.config.exposed_secrets import exposed
from hmsplan.config.extra import EXTRA
from hmsplan.config.interpolation import Call, FileProblem
from hmsplan.config.layers import Paste
from hmsplan.config.resolve import Resolved, bind
from hmsplan.config.schema_violation import not_a_schema, violations_of
from hmsplan.kinds import A_KIND, KINDS, api_rules, tool_forms
from hmsplan.kinds.identity import identity_of
from hmsplan.model import (
    Address,
    Copy,
    Diagnostic,
    FieldPath,
    Lifecycle,
    Ref,
    Resource,
    Secret,
    Severity,
    Topic,
    leaves,
    pattern_of,
    value_at,
    values_at,
)
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection

    from hmsplan.config.layers import Declared
    from hmsplan.config.problems import Problems
    from hmsplan.config.resolve import Resolver
    from hmsplan.kinds import Kind
    from hmsplan.kinds.kind import Expansion
    from hmsplan.model import SourceLine, Spec, Value


class ResourceBuilder:
    """Turns what a ``Resolver`` knows into resources.

    Attributes:
        problems: everything wrong so far, the resolver's own apart.
        shared: the resources into which nothing is filled in, with what they were declared as; grows.
    """

    def __init__(
        self, resolver: Resolver, problems: Problems, shared: dict[Address, tuple[Declared, Resource]]
    ) -> None:
        self.resolver = resolver
        self.problems = problems
        self.shared = shared
        self._finished: dict[Address, Resource] = {}
        self._expanded: dict[Address, dict[str, Any] | None] = {}
        self._identities: dict[tuple[str, str], Address] = {}
        self._tool_names: dict[int, str] = {}

    def finish_all(self) -> dict[Address, Resource]:
        """Return every resource that is right, by address in order."""
        rank = {kind: position for position, kind in enumerate(KINDS)}
        declared = self.resolver.declared
        ready = {address: self.shared[address][1] for address, each in declared.items() if self._is_shared(each)}
        if len(ready) == len(declared):
            return dict(sorted(ready.items()))  # no two of them have one name, or a problem would have been heard
        for address in sorted(declared, key=lambda address: (rank[address.kind], address.key)):
            if (resource := ready.get(address)) is not None:
                self._check_identity(declared[address], Resolved(declared[address].spec))
            else:
                resource = self._finish(declared[address])
            if resource is not None:
                self._finished[address] = resource
        return dict(sorted(self._finished.items()))

    def _is_shared(self, declared: Declared) -> bool:
        """Say whether the resource is the same in every stack of the same files, and another one has it already."""
        found = self.shared.get(declared.address)
        return found is not None and found[0] is declared

    def _finish(self, declared: Declared) -> Resource | None:
        before = self.problems.heard
        resolved = self.resolver.resolve(declared)
        violated = self._check_schema(declared, resolved)
        fits = not violated
        fits &= self._check_extra(declared, resolved.spec)
        self._check_user_json(declared, resolved.spec)  # before pasting: a template's JSON is checked with the template
        fits = self._check_whole(declared, resolved, violated) and fits
        self._check_identity(declared, resolved)
        lifecycle = self._lifecycle(declared, resolved.spec)
        members, member_sources = self._members(declared, resolved, fits)
        if not fits or resolved.bad:
            return None
        self.problems += map(declared.placed, extra.unknown(declared.kind, resolved.spec.get(EXTRA, {})))
        self.problems += map(declared.placed, extra.unlisted(declared.kind, resolved.spec))
        pastes = self._bind(declared, resolved, lifecycle)
        if pastes is None:
            return None
        spec = declared.source_map.spec = _without_ours(declared, resolved)
        names = self._item_names(declared, spec)
        pasted = {path for path, _ in pastes}
        self.problems += map(declared.placed, exposed(declared.kind, spec, pasted))
        special = [(path, value) for path, value in resolved.bound.items() if path not in pasted]
        for path, template in pastes:
            special += _special(value_at(spec, path), path, self._finished.get(template))
        copies = [
            Copy(_named(_sent(at), names), ref.address, ref.field)
            for at, refs in resolved.copied.items()
            for ref in refs
        ]
        for path, template in pastes:
            copies += [replace(copy, path=_named(path, names)) for copy in self._finished[template].copies]
        resource = Resource(
            declared.address,
            spec,
            declared.source,
            lifecycle,
            members,
            tuple(sorted({value.address for _, value in special if isinstance(value, Ref)})),
            tuple([(_named(path, names), template) for path, template in pastes]),
            tuple([_named(path, names) for path, value in special if isinstance(value, Secret)]),
            declared.source_map,
            member_sources,
            tuple(dict.fromkeys(copies)),
        )
        if resolved.spec is declared.spec and self.problems.heard == before:
            self.shared[declared.address] = (declared, resource)
        return resource

    def _check_schema(self, declared: Declared, resolved: Resolved) -> set[FieldPath]:
        """Return the paths of what does not fit."""
        violations = violations_of(
            resolved.spec,
            schema.of_kind(declared.kind.name),
            title=A_KIND[declared.kind.name],
            is_secret=lambda path: declared.kind.is_secret(pattern_of(path)),
            aliases=declared.kind.aliases,
        )
        told = set[FieldPath]()
        for violation in violations:
            if any(violation.path[: len(bad)] == bad for bad in resolved.bad):
                continue
            if isinstance(resolved.bound.get(violation.path), Secret):
                continue
            told.add(violation.path)
            self.problems.append(violation.told(declared.source_map.locate, declared.address))
        return told

    def _check_whole(self, declared: Declared, resolved: Resolved, violated: Collection[FieldPath]) -> bool:
        """Check what a schema cannot say; of what has another form than it should, the schema's problems tell."""
        fits = True
        for path, summary, detail, other in api_rules.refusals(declared.kind, resolved.spec):
            if any(path[: len(bad)] == bad for bad in (*resolved.bad, *violated)):
                continue
            fits = False
            told = detail if other is None else f"{detail} The other one is at {declared.source_map(other)}."
            self.problems.append(declared.placed(Diagnostic(summary, told, path=path)))
        return fits

    def _check_extra(self, declared: Declared, spec: Spec) -> bool:
        misplaced = [declared.placed(problem) for problem in extra.misplaced(declared.kind, spec.get(EXTRA))]
        self.problems += misplaced
        return not misplaced

    def _bind(
        self, declared: Declared, resolved: Resolved, lifecycle: Lifecycle
    ) -> list[tuple[FieldPath, Address]] | None:
        """Put values in place of their ``${…}``; return the pastes, or None when a template is not usable."""
        pastes: list[tuple[FieldPath, Address]] = []
        for path, value in resolved.bound.items():
            expansion = KINDS[value.address.kind].expansion if isinstance(value, Ref) else None
            if isinstance(value, Ref) and expansion is not None and pattern_of(path) in declared.kind.expands:
                expanded = self._expand(value.address, expansion)
                if expanded is None:
                    return None
                pastes.append((path, value.address))
                template = self.resolver.declared[value.address].source_map
                declared.source_map.pastes[path] = Paste(value.address, template, expansion.origin)
                bind(resolved, path, expanded)
            elif isinstance(value, Secret):
                place = " ".join(map(str, (declared.address, *path)))
                bind(resolved, path, value.placed(place, lifecycle.secret_version))
            elif not isinstance(value, Call):
                bind(resolved, path, value)
        return pastes

    def _expand(self, address: Address, expansion: Expansion) -> dict[str, Any] | None:
        """Return what a template stands for, the same object each time; None when it cannot be pasted."""
        if address not in self._expanded:
            template = self._finished.get(address)
            expanded = expansion.expand(template.spec) if template is not None else None
            if expansion.is_tool and expanded is not None:
                if self._is_tool(address, expanded):
                    self._tool_names[id(expanded)] = tool_forms.tool_name(expanded)
                else:
                    expanded = None
            self._expanded[address] = expanded
        return self._expanded[address]

    def _is_tool(self, address: Address, tool: dict[str, Any]) -> bool:
        violations = violations_of(tool, schema.TOOL, title="a tool")
        for violation in violations:
            detail = f"As a tool of an assistant it does not work: {violation.detail}"
            source = self.resolver.declared[address].source
            self.problems.append(Diagnostic("Template cannot be pasted", detail, source, address, topic=Topic.TEMPLATE))
        return not violations

    def _members(
        self, declared: Declared, resolved: Resolved, fits: bool
    ) -> tuple[tuple[Spec, ...] | None, tuple[SourceLine, ...]]:
        """Return the declared members and where they are written; None when they are not managed, or not readable."""
        members = declared.kind.members
        if members is None or members.name not in resolved.spec:
            return None, ()
        path = (members.name,)
        stands_for, value = resolved.bound.get(path), resolved.spec[members.name]
        if isinstance(stands_for, Call):
            try:
                found = leads.from_csv(self.resolver.read_text(stands_for.argument), stands_for.argument)
            except FileProblem as error:
                found = leads.Found((), [Diagnostic(error.summary, error.detail, declared.source_map(path))])
        elif fits and not resolved.bad and isinstance(value, list):
            found = leads.from_yaml(value, declared.source_map.of_items(path, len(value)).__getitem__)
        else:
            return None, ()
        self.problems += [declared.placed(replace(problem, path=path)) for problem in found.problems]
        return found.leads, found.places

    def _lifecycle(self, declared: Declared, spec: Spec) -> Lifecycle:
        block = spec.get("lifecycle")
        if not isinstance(block, dict):
            return Lifecycle()
        paths = []
        ignored = block.get("ignore_changes", ())
        for index, dotted in enumerate(ignored if isinstance(ignored, list) else ()):
            if not isinstance(dotted, str):
                continue  # told with the schema
            path = tuple(dotted.split("."))
            if problem := _not_ignorable(declared.kind, spec, path):
                at = ("lifecycle", "ignore_changes", index)
                self.problems.append(declared.placed(Diagnostic(*problem, path=at)))
            paths.append(path)
        version = block.get("secret_version")
        return Lifecycle(
            bool(block.get("prevent_destroy", False)), tuple(paths), version if type(version) is int else None
        )

    def _check_user_json(self, declared: Declared, spec: Spec) -> None:
        for pattern in declared.kind.atomic:
            for path, value in values_at(spec, pattern):
                if isinstance(value, dict) and "$schema" not in value and not schema.metaschema().is_valid(value):
                    at, detail = not_a_schema(value)
                    self.problems.append(declared.placed(Diagnostic("Not a JSON Schema", detail, path=(*path, *at))))

    def _item_names(self, declared: Declared, spec: Spec) -> dict[FieldPath, list[str]]:
        """Return the names of the items of each keyed list; two alike are an error, nothing could tell them apart."""
        found: dict[FieldPath, list[str]] = {}
        for pattern, name_of in declared.kind.keyed.items():
            for path, items in values_at(spec, pattern):
                if isinstance(items, list):
                    found[path] = [self._tool_names.get(id(item)) or name_of(item) for item in items]
                    if pattern in declared.kind.distinct:
                        self._check_distinct(declared, path, found[path])
        return found

    def _check_distinct(self, declared: Declared, path: FieldPath, names: list[str]) -> None:
        if len(set(names)) == len(names):
            return
        for index, name in enumerate(names):
            if (first := names.index(name)) != index:
                at = (*path, index)
                line = declared.source_map((*path, first))
                detail = f"{name} stands in this list already, at {line}. Each tool needs a name of its own."
                self.problems.append(declared.placed(Diagnostic("Duplicate tool", detail, path=at)))

    def _check_identity(self, declared: Declared, resolved: Resolved) -> None:
        kind, path = declared.kind, (declared.kind.identity,)
        value = resolved.spec.get(kind.identity)
        if kind.is_single:
            self._check_single(declared)
            return
        if not isinstance(value, str) or path in resolved.bad or path in resolved.bound:
            return
        identity = identity_of(kind, resolved.spec)
        other = self._identities.setdefault((kind.name, identity), declared.address)
        if other == declared.address:
            return
        where = self.resolver.declared[other].source_map(path)
        if kind.unique:
            detail = f"{other}, at {where}, is {identity} too. The API takes each {kind.identity} once."
            problem = Diagnostic(f"Duplicate {kind.noun}", detail, path=path)
        else:
            detail = (
                f"{other}, at {where}, is called {wording.shown(value)} too. hmsplan recognises an object that it has "
                "not created itself by its name, and could take one for the other."
            )
            problem = Diagnostic("Same name twice", detail, path=path, severity=Severity.WARNING, topic=Topic.SAME_NAME)
        self.problems.append(declared.placed(problem))

    def _check_single(self, declared: Declared) -> None:
        kind = declared.kind
        other = self._identities.setdefault((kind.name, kind.noun), declared.address)
        if other != declared.address:
            where = self.resolver.declared[other].source
            detail = f"There can be one {kind.noun}, which is {other}, at {where}. Take one of the two out."
            self.problems.append(Diagnostic(f"Second {kind.noun}", detail, declared.source, declared.address))


def _not_ignorable(kind: Kind, spec: Spec, path: tuple[str, ...]) -> tuple[str, str] | None:
    """Return summary and detail of why no change at *path* could be ignored; None when it can."""
    known = schema.fields(kind.name)
    if path[0] in spec.get(EXTRA, {}):
        known, spec = {**known, **spec[EXTRA]}, spec[EXTRA]
    if path[0] not in known or path[0] in {"lifecycle", EXTENDS, EXTRA}:
        guess = wording.did_you_mean(path[0], known)
        owner = wording.sentence(A_KIND[kind.name])
        return "Unknown field", f"{owner} has no field {path[0]} whose changes could be ignored.{guess}"
    value: Value = spec
    for depth, part in enumerate(path):
        if isinstance(value, list):
            whole = ".".join(path[:depth])
            return "Path into a list", f"{whole} is a list, and a list is compared whole. Ignore all of it: {whole}"
        value = value.get(part) if isinstance(value, Mapping) else None
    return None


def _without_ours(declared: Declared, resolved: Resolved) -> Spec:
    """Return the fields that the platform knows: without ``lifecycle``, without members, and with what is extra."""
    spec: dict[str, Any] = resolved.spec
    ours = ("lifecycle", declared.kind.members and declared.kind.members.name, EXTRA)
    hidden = [name for name in ours if name in spec]
    if hidden and spec is declared.spec:
        spec = dict(spec)
    more = spec.get(EXTRA, {})
    declared.source_map.extra = more.keys()
    for name in hidden:
        del spec[name]
    spec.update(more)
    return spec


def _sent(path: FieldPath) -> FieldPath:
    """Return where what is declared at *path* stands in the body that is sent."""
    return path[1:] if path[0] == EXTRA else path


def _named(path: FieldPath, names: dict[FieldPath, list[str]]) -> FieldPath:
    """Return *path* with the names of keyed items in place of their indexes."""
    told: FieldPath = ()
    for depth, part in enumerate(path):
        known = names.get(path[:depth])
        told = (*told, known[part] if known is not None and isinstance(part, int) else part)
    return told


def _special(value: Any, path: FieldPath, template: Resource | None) -> list[tuple[FieldPath, Any]]:
    """Return the references and secrets inside a pasted template; looked for only when the template holds some."""
    if template is None or not (template.refs or template.secret_paths):
        return []
    return [(at, leaf) for at, leaf in leaves(value, path) if isinstance(leaf, Ref | Secret)]
