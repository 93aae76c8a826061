"""One planned change as lines: a headline, why, and the fields. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.kinds.references import repoints
from hmsplan.model import Action, Verb, is_written, value_at
from hmsplan.output import flow as flows
from hmsplan.output.blast_radius import blast_radius_remark, calls_remark, reached
from hmsplan.output.fields import field_lines
from hmsplan.output.lines import Line, Tone, safe
from hmsplan.output.members import member_lines, members_text
from hmsplan.output.values import (
    Look,
    brief,
    heads,
    nowhere,
    path_text,
    place_in,
    quoted,
    remark,
    tools_of,
    value_lines,
)
from hmsplan.output.words import MARKS, some
from hmsplan.planner.flow import flow_of
from hmsplan.planner.request_body import without
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.kinds import Kind
    from hmsplan.model import FieldPath, Plan, ResourceChange
    from hmsplan.output.template_copies import Copied, TemplateCopies
    from hmsplan.output.values import Locate


def change_lines(
    change: ResourceChange,
    plan: Plan,
    names: Mapping[str, str],
    width: int,
    copies: TemplateCopies,
    locate: Locate | None = None,
) -> Iterator[Line]:
    """Yield everything a reviewer has to know about one change; *names* and *copies* are those of the plan."""
    kind = KINDS[change.address.kind]
    look = Look(
        kind,
        width,
        names,
        tools=partial(tools_of, change.after, change.before),
        place=place_in(locate, change.address) if locate is not None else nowhere,
        template=partial(copies.source, change),
    )
    yield Line(headline(change), "#")
    for note in remarks(change, plan, copies):
        yield Line(f"({safe(note)})", "#", tone=Tone.QUIET)
    if change.started:
        yield Line(dialling(change), "!", tone=Tone.ALERT)
    match change.action:
        case Action.CREATE:
            yield from _created(kind, change, look)
        case Action.DELETE:
            yield from _destroyed(kind, change, look)
        case Action.FORGET:
            yield Line(f"id = {quoted(change.id or '')}", ".")
        case _:
            yield from _changed(kind, change, look, copies.changes(change))
    for path in change.released:
        hidden = path[0] in kind.write_only and path[0] not in change.before
        value = "(cannot be seen)" if hidden else brief(look, change.before.get(str(path[0])), (str(path[0]),))
        text = f"{path_text(kind, path)} = {value}"
        yield Line(text, ".", notes=("not managed any more; it stays as it is",))


def headline(change: ResourceChange) -> str:
    """Say in OpenTofu's words what happens to which address; safe to show."""
    if change.action is Action.NO_OP and change.moved_from is not None:
        return f"{change.moved_from} has moved to {change.address}"
    return f"{change.address} {what_happens(change)}"


def what_happens(change: ResourceChange) -> str:
    """Say what stands behind the address in its headline; safe to show."""
    if change.action is Action.NO_OP and change.moved_from is not None:
        return f"moved from {change.moved_from}"
    if change.action is Action.NO_OP and change.released:
        return f"will no longer manage {count(len(change.released), 'field')}"
    words = {
        Action.CREATE: "will be created",
        Action.UPDATE: "will be updated in place",
        Action.REPLACE: "must be replaced",
        Action.DELETE: "will be destroyed",
        Action.ADOPT: "will be adopted and updated in place" if is_written(change) else "will be adopted",
        Action.FORGET: "will be forgotten",
        Action.NO_OP: "is unchanged",
    }
    deposed = f"(deposed object {safe(change.id or '')}) " if change.deposed else ""
    return f"{deposed}{words[change.action]}{_in_its_graph(change)}"


def _in_its_graph(change: ResourceChange) -> str:
    """Say what happens to the graph of an object that has one: its size if it is new, else what changes."""
    kind = KINDS[change.address.kind]
    found = flow_of(kind, change)
    if found is None or not change.fields:
        return ""
    return f": {flows.size(found) if change.action is Action.CREATE else flows.summary(kind, found)}"


def about(change: ResourceChange, copies: TemplateCopies) -> Iterator[str]:
    """Yield what an update changes and whom it reaches, in a few words each; safe to show."""
    if change.action is not Action.UPDATE:
        return
    kind, graph = KINDS[change.address.kind], flow_of(KINDS[change.address.kind], change)
    if copies.is_all(change):
        yield safe(f"the same change {change.reason}")
    elif graph is not None:
        yield flows.summary(kind, graph)
    elif names := dict.fromkeys(_known_as(change, field.path) for field in change.fields):
        yield some(names)
    if change.members is not None and kind.members is not None and (change.members.add or change.members.remove):
        yield f"{kind.members.name}: {members_text(change.members)}"
    if met := reached(change):
        yield f"reaches {met}"


def _known_as(change: ResourceChange, path: FieldPath) -> str:
    """Return what people call a field: a message by its role."""
    message = value_at(change.after, path[:-1])
    if path[-1] == "content" and isinstance(message, Mapping) and isinstance(role := message.get("role"), str):
        return safe(f"{role} prompt")
    return path_text(KINDS[change.address.kind], path)


def remarks(change: ResourceChange, plan: Plan, copies: TemplateCopies) -> Iterator[str]:
    """Yield the sentences below the headline, foreign text and all."""
    if change.wait is not None:
        yield f"{change.wait.told}: {change.wait.reason}"
    if change.action is Action.ADOPT:
        yield f"existing {change.id}: {change.reason}"
    elif change.reason:
        yield f"the same change {change.reason}" if copies.is_all(change) else change.reason
    if change.moved_from is not None and change.action is not Action.NO_OP:
        yield f"moved from {change.moved_from}"
    if change.action is Action.REPLACE:
        yield replacement(change, plan)
    if change.action is Action.FORGET and "gone" not in change.reason:
        yield "the live object stays as it is; hmsplan no longer manages it"
    yield from change.notes
    if reached := blast_radius_remark(change):
        yield reached
    if change.calls is not None:
        yield calls_remark(change.calls)


def replacement(change: ResourceChange, plan: Plan) -> str:
    """Say in which order a replace happens, and who is pointed at the new object."""
    old = change.id or ""
    users = sorted(str(c.address) for c in plan.changes if repoints(KINDS[c.address.kind], c.fields, old))
    order = ["create the new one", *([f"repoint {', '.join(users)}"] if users else []), "delete the old one"]
    deletes = {step.key for step in plan.steps if step.verb is Verb.DELETE and step.address == change.address}
    creates = (step for step in plan.steps if step.verb is Verb.CREATE and step.address == change.address)
    if any(step.needs & deletes for step in creates if not step.member):
        order = [order[-1], *order[:-1]]
    return " -> ".join(order)


def dialling(change: ResourceChange) -> str:
    """Say whom an object begins to call, and when; safe to show."""
    kind = KINDS[change.address.kind]
    people = change.members.pending if change.members is not None else None
    number = "people (their number is not known)" if people is None else count(people, "person")
    hours = kind.hours({**change.before, **change.after})
    daily = safe(f", daily between {hours[0]} and {hours[1]} {hours[2]}") if hours is not None else ""
    return f"this {kind.singular} begins to call {number}{daily}"


def _created(kind: Kind, change: ResourceChange, look: Look) -> Iterator[Line]:
    names = [str(field.path[0]) for field in change.fields]
    graph = flow_of(kind, change)
    apart = [kind.flow.edges] if graph is not None and kind.flow is not None else []
    for field, name, head in zip(change.fields, names, heads(names), strict=True):
        yield from value_lines(look, head, without({name: field.after}, apart)[name], (name,), "+", 0)
    if graph is not None and kind.flow is not None:
        yield from flows.edge_lines(look, graph, kind.flow)
    yield from _members(kind, change)


def _destroyed(kind: Kind, change: ResourceChange, look: Look) -> Iterator[Line]:
    shown = sorted(key for key, value in change.before.items() if key not in kind.computed and value is not None)
    before = {"id": change.id, **change.before}
    shown.insert(0, "id")
    for key, head in zip(shown, heads(shown), strict=True):
        value = before[key]
        yield Line(f"{head}{brief(look, value, (key,))}", "-", notes=remark(look, value, (key,)))


def _changed(kind: Kind, change: ResourceChange, look: Look, copied: Mapping[FieldPath, Copied]) -> Iterator[Line]:
    forcing = set(change.replaces)
    graph = flow_of(kind, change)
    if graph is not None and kind.flow is not None:
        yield from flows.flow_lines(look, graph, kind.flow)
    for copy in dict.fromkeys(copied.values() if len(copied) < len(change.fields) else ()):
        yield Line(path_text(kind, copy.path), "~", notes=(f"the same change through {copy.template}",))
    for field in change.fields if graph is None else ():
        if field.path not in copied:
            yield from field_lines(look, field, forces=field.path in forcing)
    yield from _members(kind, change)
    hidden = len(change.after.keys() - {str(field.path[0]) for field in change.fields})
    if hidden and is_written(change):
        yield Line(f"({count(hidden, 'unchanged field')} hidden)", "#", tone=Tone.QUIET)


def _members(kind: Kind, change: ResourceChange) -> Iterator[Line]:
    found = change.members
    if found is not None and kind.members is not None and (found.add or found.remove):
        yield from member_lines(kind.members, found, MARKS[Action.CREATE] if change.action is Action.CREATE else "~")
