"""Reads what is live: a whole ``Snapshot``, one list, or one object.

What a list lacks is not gone: only an object's own 404 says so. Every object that state binds and a list lacks is
looked up by its id. One that is still there proves the list incomplete (a silent cap, or a list that lags behind); the
rest of the list is then asked for. When objects are lacking still, a list of a round length (50, 100 …), or more than
20 of them, is an error: what nothing binds could be missing too, and would be created a second time. Another list lags
behind; the objects looked up take their places, and ``Snapshot.lagging`` names the kind.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from hmsplan.api.pagination import read_rest, read_whole
from hmsplan.api.responses import gc_paused
from hmsplan.api.urls import encoded, segments
from hmsplan.errors import ApiError, NotFound
from hmsplan.kinds.identity import identity_of
from hmsplan.model import ANY, ANY_KEY, RemoteObject, Secret, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence

    from hmsplan.api.client import ReadClient
    from hmsplan.api.pagination import Item
    from hmsplan.kinds import Kind, Members
    from hmsplan.model import Pattern

T = TypeVar("T")

_FEW: Final = 20  # as many may be lacking in a list that merely lags behind
_SAMPLE: Final = 5  # bound objects to look up first when a list came back empty
_CAP_STEP: Final = 50  # caps are round
_FORBIDDEN: Final = 403
_HIDDEN: Final = (RemoteObject("", "", {}),)  # stands for members that the key may not read
_LOG: Final = logging.getLogger("hmsplan.api")
_WAITS_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0)  # between two looks, the last one again and again


async def read_snapshot(
    client: ReadClient,
    kinds: Collection[Kind],
    *,
    needed: Collection[str] | None = None,
    bound: Mapping[str, Collection[str]],
    wanted: Callable[[Kind, Mapping[str, RemoteObject]], Iterable[str]],
    expect_organization: bool = False,
    known_organization: str | None = None,
    on_organization: Callable[[str | None], None] | None = None,
    patience_s: float = 0.0,
) -> Snapshot:
    """Read every object of *kinds*, all lists at once.

    Args:
        client: of the organization that is read.
        kinds: to read.
        needed: the kinds without which nothing can be decided; another one that the key may not read (403), or that
            the API does not have (404), is left out of the snapshot. Of one that the key may list and not read, only
            what the list shows is in it. None: all.
        bound: kind to the ids that state binds.
        wanted: of a kind with members or of which a list shows summaries only, the ids of which more is to be read.
        expect_organization: ask for the organization although objects tell it; it is asked for where none does.
        known_organization: what an earlier reading told; then it is not asked for again.
        on_organization: told the id of the organization as soon as it is known (None: the key may not ask) and before
            missing objects are looked up one by one, so that another organization's key costs no such round. It may
            raise.
        patience_s: how long a list of members may answer 404 for an object that the list shows.

    Raises:
        ApiError: one list failed or is incomplete; there is no such thing as a part of a snapshot.
    """
    before, began = client.requests.total(), client.clock()
    lists, told = await _read_lists(client, list(kinds), needed, expect_organization=expect_organization)
    asked = [kind for kind in kinds if kind.name in lists]
    organization = told or known_organization or (None if expect_organization else await read_organization(client))
    if on_organization is not None:
        on_organization(organization)
    checked = await _together(_checked(client, kind, lists[kind.name], bound.get(kind.name, ())) for kind in asked)
    objects = {kind.name: dict(each.objects) for kind, each in zip(asked, checked, strict=True)}
    for kind in asked:
        if kind.is_summary:
            listed = objects[kind.name]
            objects[kind.name] = dict(await read_details(client, kind, listed, wanted(kind, listed), needed=needed))
    owners = [(kind, owner) for kind in asked if kind.members for owner in wanted(kind, objects[kind.name])]
    members = await _members_of_all(client, owners, objects, needed, patience_s)
    return Snapshot(
        objects=MappingProxyType(objects),
        members=MappingProxyType(members),
        gone=frozenset((kind.name, lost) for kind, each in zip(asked, checked, strict=True) for lost in each.gone),
        lagging=frozenset(kind.name for kind, each in zip(asked, checked, strict=True) if each.lagging),
        organization=organization,
        requests=client.requests.total() - before,
        now=client.server_now() - (client.clock() - began),
    )


async def read_list(client: ReadClient, kind: Kind) -> Mapping[str, RemoteObject]:
    """Read all objects of *kind* by id, as the list shows them.

    Raises:
        ApiError: see ``listing``.
    """
    where = segments(kind.path)
    if kind.unfold is None:
        return _remote(kind, await read_whole(client, where, kind.collection, paged=kind.paged))
    try:
        items = kind.unfold(await client.get(where))
    except ApiError as error:
        if error.status not in kind.none_if:
            raise
        _LOG.info("there is no %s: %s", kind.noun, error)
        return {}
    if items is None:
        raise _error(where, f"the answer tells of no {kind.noun}; nothing may be concluded from it")
    return _remote(kind, {item["id"]: item for item in items})


async def read_one(client: ReadClient, kind: Kind, object_id: str) -> RemoteObject | None:
    """Read one object; None when it is not there (404).

    Raises:
        ApiError: any other failure, or an answer that is not this object.
    """
    if kind.unfold is not None:
        return (await read_list(client, kind)).get(object_id)
    where = segments(kind.path, object_id)
    try:
        answer = await client.get(where)
    except NotFound:
        return None
    found = parse_one(kind, answer)
    if found is None or found.id != object_id:
        raise _error(where, "the answer is not the object that was asked for")
    return found


async def read_members(client: ReadClient, kind: Kind, parent_id: str) -> tuple[RemoteObject, ...]:
    """Read the members of one object, in the order of the API.

    Raises:
        NotFound: there is no such parent.
        ApiError: see ``listing``.
    """
    members = _members_of(kind)
    where = segments(kind.path, parent_id, members.path)
    found = await read_whole(client, where, (members.name,), paged=False)
    with gc_paused():
        return tuple(RemoteObject(members.name, key, item) for key, item in found.items())


async def read_organization(client: ReadClient) -> str | None:
    """Return the id of the key's organization; None when the key may not ask."""
    found = await _read_organization(client)
    return str(found["id"]) if found is not None else None


async def read_organization_name(client: ReadClient) -> str:
    """Return what the key's organization is called; "" when it is not told."""
    found = await _read_organization(client)
    return str(found.get("name") or "") if found is not None else ""


async def _read_organization(client: ReadClient) -> Mapping[str, Any] | None:
    """Read the key's organization; None when the key may not ask.

    "organizations: bare object"; an envelope is accepted.
    """
    where = segments("/organizations")
    try:
        answer = await client.get(where)
    except ApiError as error:
        if isinstance(error, NotFound) or error.status == _FORBIDDEN:
            return None
        raise
    found = _unwrapped(answer, ("organization",))
    if found is None:
        raise _error(where, "the answer has no id of an organization")
    return found


def parse_one(kind: Kind, payload: Any, identity: str = "") -> RemoteObject | None:
    """Read an answer that holds one object, in an envelope or bare; None when there is no object with an id in it.

    Where an answer tells of several (``Kind.unfold``), the one of this *identity* is meant.
    """
    if kind.unfold is not None:
        found = (_normalised(kind, item) for item in kind.unfold(payload) or ())
        item = next((each for each in found if identity_of(kind, each) == identity), None)
    else:
        item = _unwrapped(payload, kind.envelope)
    return RemoteObject(kind.name, item["id"], _normalised(kind, item)) if item is not None else None


async def read_details(
    client: ReadClient,
    kind: Kind,
    listed: Mapping[str, RemoteObject],
    wanted: Iterable[str],
    *,
    needed: Collection[str] | None = None,
) -> Mapping[str, RemoteObject]:
    """Return what is *listed*, the *wanted* ones as a GET by id shows them; one that is gone by now is left out.

    *needed* is that of ``read_snapshot``.

    Raises:
        ApiError: one of them could not be read.
    """
    ids = [object_id for object_id in wanted if object_id in listed]
    reading = (_unless_hidden(read_one(client, kind, each), needed, kind, otherwise=listed[each]) for each in ids)
    found = {item.id: item for item in await _together(reading) if item is not None}
    return {key: found.get(key, live) for key, live in listed.items() if key in found or key not in ids}


def parse_member(kind: Kind, payload: Any) -> RemoteObject | None:
    """Read an answer that holds one member of a *kind*; None when there is none in it."""
    members = _members_of(kind)
    item = _unwrapped(payload, members.envelope)
    return RemoteObject(members.name, item["id"], item) if item is not None else None


async def _read_lists(
    client: ReadClient, kinds: Sequence[Kind], needed: Collection[str] | None, *, expect_organization: bool
) -> tuple[dict[str, Mapping[str, RemoteObject]], str | None]:
    """Read the list of each kind, and whose they are; a kind that is not *needed* and not shown is left out."""
    itself = next((kind.name for kind in kinds if kind.is_organization), None)
    asked = [read_organization(client)] if expect_organization and itself is None else []
    shown = [_if_shown(client, kind, needed=needed is None or kind.name in needed) for kind in kinds]
    work: list[Coroutine[Any, Any, Any]] = [*asked, *shown]
    found = await _together(work)
    said = found.pop(0) if asked else None
    lists = {kind.name: objects for kind, objects in zip(kinds, found, strict=True) if objects is not None}
    own = next(iter(lists.get(itself, ())), None) if itself is not None else None
    return lists, said or own or _told(list(lists.values()))


async def _if_shown(client: ReadClient, kind: Kind, *, needed: bool) -> Mapping[str, RemoteObject] | None:
    """Read a list; None for one that is not *needed* and that the key may not see, or that the API does not have."""
    try:
        return await read_list(client, kind)
    except ApiError as error:
        if needed or not (isinstance(error, NotFound) or error.status == _FORBIDDEN):
            raise
        _LOG.info("%s are not shown, and left out: %s", kind.name, error)
        return None


async def _unless_hidden(
    work: Coroutine[Any, Any, T], needed: Collection[str] | None, kind: Kind, *, otherwise: T
) -> T:
    """Await *work*; of a kind that is not *needed* and that the key may list and not read, return *otherwise*."""
    try:
        return await work
    except ApiError as error:
        if needed is None or kind.name in needed or not (isinstance(error, NotFound) or error.status == _FORBIDDEN):
            raise
        _LOG.info("more of %s than the list shows cannot be read: %s", kind.name, error)
        return otherwise


def _told(lists: Sequence[Mapping[str, RemoteObject]]) -> str | None:
    """Return the organization that all objects name; None when none does, or they name several."""
    told = (item.fields.get("org_id") for objects in lists for item in objects.values())
    ids = {each for each in told if isinstance(each, str)}
    return ids.pop() if len(ids) == 1 else None


async def _members_of_all(
    client: ReadClient,
    owners: Sequence[tuple[Kind, str]],
    objects: Mapping[str, dict[str, RemoteObject]],
    needed: Collection[str] | None,
    patience_s: float,
) -> dict[str, tuple[RemoteObject, ...]]:
    """Return the members of each of *owners* by its id; an owner that is gone by now is taken out of *objects*."""
    reading = (
        _unless_hidden(_members_of_listed(client, kind, owner, patience_s), needed, kind, otherwise=_HIDDEN)
        for kind, owner in owners
    )
    members = {}
    for (kind, owner), found in zip(owners, await _together(reading), strict=True):
        if found is None:
            del objects[kind.name][owner]
        elif found is not _HIDDEN:
            members[owner] = found
    return members


async def _members_of_listed(
    client: ReadClient, kind: Kind, owner: str, patience_s: float
) -> tuple[RemoteObject, ...] | None:
    """Read the members of an object that a list has just shown; None when it is gone by now.

    A 404 while the list shows the object may be a server that has not heard of it yet: it is asked again, for
    *patience_s* at most.

    Raises:
        ApiError: it answered 404 all that time; see also ``listing``.
    """
    until = client.server_now() + patience_s
    for wait_s in itertools.chain(_WAITS_S, itertools.repeat(_WAITS_S[-1])):
        try:
            return await read_members(client, kind, owner)
        except NotFound as error:
            if owner not in await read_list(client, kind):
                return None
            if client.server_now() + wait_s > until:
                detail = _never_shown(kind, owner, patience_s)
                raise NotFound(detail, method="GET", path=error.path, status=error.status) from error
        await client.pause(wait_s)
    raise AssertionError


def _never_shown(kind: Kind, owner: str, patience_s: float) -> str:
    name = _members_of(kind).name
    return (
        f"the list shows the {kind.singular}, and has done so for {patience_s:.0f} s, but its {name} are not found. It "
        f"may have been made a moment ago, or the key may not read {name}. Run the same again in a minute; if it stays "
        f"so, look at {kind.singular} {owner} in the dashboard"
    )


class _Checked(NamedTuple):
    """All objects of a kind, the ids that answered 404, and whether the list lacked others that exist."""

    objects: Mapping[str, RemoteObject]
    gone: frozenset[str] = frozenset()
    lagging: bool = False


async def _checked(
    client: ReadClient, kind: Kind, listed: Mapping[str, RemoteObject], bound: Collection[str]
) -> _Checked:
    """Look up what state binds and the list lacks."""
    missing = sorted(set(bound) - listed.keys())
    there: dict[str, RemoteObject] = {}
    for batch in (missing,) if listed else (missing[:_SAMPLE], missing[_SAMPLE:]):
        there |= await _looked_up(client, kind, batch)
        if there and not listed:
            raise _error(segments(kind.path), f"the list came back empty, yet {', '.join(there)} exists")
    gone = frozenset(missing) - there.keys()
    if not there:
        return _Checked(listed, gone)
    known = {**listed, **_remote(kind, await read_rest(client, segments(kind.path), kind.collection, listed))}
    lacking = sorted(there.keys() - known.keys())
    if len(lacking) > _FEW or (lacking and len(known) % _CAP_STEP == 0):
        names = ", ".join(lacking[:_SAMPLE]) + (" …" if len(lacking) > _SAMPLE else "")
        raise _error(segments(kind.path), f"the list is incomplete: {len(known)} objects, and not {names}, which exist")
    return _Checked({**known, **{key: there[key] for key in lacking}}, gone, lagging=bool(lacking))


async def _looked_up(client: ReadClient, kind: Kind, ids: Sequence[str]) -> dict[str, RemoteObject]:
    found = await _together(read_one(client, kind, object_id) for object_id in ids)
    return {item.id: item for item in found if item is not None}


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Await all at once; the first failure stops the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as failed:
        first: BaseException = failed
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
    else:
        return [task.result() for task in tasks]
    raise first


def _remote(kind: Kind, items: Mapping[str, Item]) -> Mapping[str, RemoteObject]:
    with gc_paused():
        return {key: RemoteObject(kind.name, key, _normalised(kind, item)) for key, item in items.items()}


def _normalised(kind: Kind, item: Item) -> Item:
    """Settle aliases and wrap secrets, in place; unknown fields stay."""
    for alias, name in kind.aliases.items():
        if alias in item:
            value = item.pop(alias)
            if item.get(name) is None:
                item[name] = value
    for name, shown in kind.shown_names.items():
        if name not in item and isinstance(names := item.get(shown), list):
            item[name] = {key: Secret(Secret.LIVE) for key in names if isinstance(key, str)}
    for runs in _runs(kind.secrets):
        _wrap(item, runs, 0)
    return item


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


@functools.cache
def _runs(patterns: frozenset[Pattern]) -> tuple[tuple[tuple[tuple[str, str], ...], ...], ...]:
    """Cut each pattern at its lists: ``llm_config.tools[].name`` is (llm_config, tools), (name).

    Each key comes with its camelCase: an answer in that form ("toolTemplate", "assistantId") hides no secret less.
    """
    return tuple(
        tuple(
            tuple((name, _camel(name)) for name in run)
            for is_list, run in itertools.groupby(pattern, ANY.__eq__)
            if not is_list
        )
        for pattern in sorted(patterns)
    )


def _wrap(value: Any, runs: tuple[tuple[tuple[str, str], ...], ...], at: int, depth: int = 0) -> None:
    """Turn what stands at a pattern into a ``Secret``. "Tools exist in flat and nested form (function: {…})"."""
    if type(value) is not dict:
        return
    run = runs[at]
    for key in _keys(value, *run[depth]):
        if (found := value.get(key)) is None:
            continue
        if depth + 1 < len(run):
            _wrap(found, runs, at, depth + 1)
        elif at + 1 == len(runs):
            if type(found) is not Secret:
                value[key] = Secret(Secret.LIVE, found)
        elif type(found) is list:
            for item in found:
                _wrap(item, runs, at + 1)
                if type(item) is dict and "function" in item:
                    _wrap(item["function"], runs, at + 1)


def _keys(value: Mapping[str, Any], name: str, camel: str) -> Iterable[str]:
    """Return the keys of *value* that a part of a pattern names, in both spellings."""
    if name == ANY_KEY:
        return tuple(value)
    return (name,) if name == camel else (name, camel)


def _unwrapped(payload: Any, envelope: Sequence[str]) -> Item | None:
    if not isinstance(payload, dict):
        return None
    for item in (*(payload.get(key) for key in envelope), payload):
        if isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"]:
            return item
    return None


def _members_of(kind: Kind) -> Members:
    if kind.members is None:
        msg = f"{kind.name} have no members"
        raise ValueError(msg)
    return kind.members


def _error(where: Sequence[str], detail: str) -> ApiError:
    return ApiError(detail, method="GET", path=encoded(where))
