"""A new organization for a member: made once, as a child of the agency's, and its key put away before anything else.

The API shows the key of a new organization in the answer to its POST and never again, and an organization cannot be
deleted. So the intent is on the disk before the POST, and is closed when the sink has the key. An open intent is
settled by the list of children: a child that was not there before is it, and its key is lost.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from hmsplan.api.client import WriteClient
from hmsplan.api.urls import segments
from hmsplan.errors import Ambiguous, ApiError, HmsplanError, StateError, UnsettledCreate
from hmsplan.secrets import sinks
from hmsplan.secrets.detect import HIDDEN
from hmsplan.state.backend import LOCAL_FOLDER, local_folder
from hmsplan.state.file import durable
from hmsplan.state.file.lock import FolderLock
from hmsplan.text.canonical_json import digest
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from hmsplan.api.client import ReadClient
    from hmsplan.fleet.values import Member
    from hmsplan.operations.workspace import Connect
    from hmsplan.state.lock_owner import Owner

FORMAT_VERSION: Final = "1.0"
GRACE_S: Final = 30.0
"""How long a child may take to show up in the list, by the API's clock."""
_WHERE: Final = segments("/organizations")
_KEY: Final = re.compile(r"fl_[A-Za-z0-9_]{6,}")


class AlreadyThere(HmsplanError):
    """The member has an organization, or one of the same name is there."""

    exit_code = 4
    summary = "Organization exists"


class KeyLost(HmsplanError):
    """The organization was made, and its key is gone."""

    exit_code = UnsettledCreate.exit_code
    summary = "Key is lost"


class UnknownCreate(HmsplanError):
    """It is not known yet whether the organization was made."""

    exit_code = UnsettledCreate.exit_code
    summary = "Unknown outcome"


@dataclass(frozen=True, slots=True)
class Family:
    """An organization and those that are billed to it; names are foreign.

    Attributes:
        children: id to name; None when the API does not list them.
        now: Unix seconds by the API's clock when it was read.
    """

    id: str
    name: str
    children: Mapping[str, str] | None
    now: float

    def named(self, name: str, besides: frozenset[str] = frozenset()) -> list[str]:
        """Return the ids of the children with this *name*, without those *besides*."""
        found = (self.children or {}).items()
        return [each for each, called in found if _alike(called) == _alike(name) and each not in besides]


@dataclass(frozen=True, slots=True)
class NewOrganization:
    """What is reviewed before it is made.

    Attributes:
        name: of the organization, as people see it.
        parent: id of the organization that it is billed to.
        sink: where its key goes.
    """

    member: str
    name: str
    parent: str
    sink: str

    @property
    def digest(self) -> str:
        """SHA-256 over all of it."""
        found = {"member": self.member, "name": self.name, "parent_org_id": self.parent, "sink": self.sink}
        return f"organization:{digest(found)}"


@dataclass(frozen=True, slots=True)
class Intent:
    """A POST that was about to be sent; *before* are the children that were there."""

    id: str
    member: str
    name: str
    parent: str
    sink: str
    at: float
    before: frozenset[str]


async def read_family(client: ReadClient) -> Family:
    """Read the organization of the key and its children.

    Raises:
        ApiError: it cannot be read.
    """
    answer = await client.get(_WHERE, params={"include_children": "true"})
    found = answer.get("organization", answer) if isinstance(answer, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        raise ApiError("the answer has no id of an organization", method="GET", path="/organizations")
    children = found.get("children")
    listed = (
        {each["id"]: str(each.get("name") or "") for each in children if isinstance(each, dict) and "id" in each}
        if isinstance(children, list)
        else None
    )
    return Family(found["id"], str(found.get("name") or ""), listed, client.server_now())


class OrganizationJournal:
    """The creates of organizations of one fleet file: one fsynced line an event, without a key."""

    def __init__(self, root: Path, file: str) -> None:
        self._folder = local_folder(root, LOCAL_FOLDER, "organizations", file.rsplit(".", 1)[0])
        self._file = self._folder / "journal.jsonl"
        self._lock = FolderLock(self._folder, "*\n", "fleet unlock --create --force")
        self._size = 0

    def lock(self, owner: str) -> AbstractContextManager[None]:
        """Hold it against every other create.

        Raises:
            StateLocked: another one holds it.
        """
        return self._lock.hold(owner)

    def unlock(self, *, force: bool) -> Owner | None:
        """Remove the lock of a create that is dead, with *force* of any, and return whose it was.

        Raises:
            StateLocked: that create is alive.
        """
        return self._lock.unlock(force=force)

    def rescue(self, member: str) -> Path:
        """Return the file that takes a key whose sink failed."""
        return self._folder / f"{member}.key"

    def intend(self, intent: Intent) -> None:
        """Write an intent down; it outlives a power failure once this returns."""
        told = {"member": intent.member, "name": intent.name, "parent": intent.parent, "sink": intent.sink}
        self._add({"create": intent.id, **told, "at": intent.at, "before": sorted(intent.before)})

    def renew(self, intent: Intent, at: float) -> None:
        """Write down that the POST leaves now: it may have waited for the rate limit, and the grace time begins here.

        Raises:
            StateError: the lock is not ours any more.
        """
        self._lock.require()
        self._add({"sent": intent.id, "at": at})

    def settle(self, intent: Intent, how: str, organization: str | None = None) -> None:
        """Close an intent."""
        self._add({"settled": intent.id, "how": how, "organization": organization})

    def read(self, member: str) -> tuple[Intent | None, str | None]:
        """Return the intent of *member* that was never closed, and the organization that was made for it last.

        Raises:
            StateError: the journal cannot be read.
        """
        with durable.failing("read", self._folder):
            found = durable.read(self._file)
        whole = [line for line in (found[0].splitlines(keepends=True) if found else []) if line.endswith(b"\n")]
        self._size = sum(map(len, whole))
        intents: dict[str, Intent] = {}
        made = None
        try:
            for event in map(orjson.loads, whole):
                if event["format_version"] != FORMAT_VERSION:
                    raise ValueError(f"format {event['format_version']}")  # noqa: TRY301 -- told as all else
                if "create" in event:
                    told = {name: event[name] for name in ("member", "name", "parent", "sink", "at")}
                    intents[event["create"]] = Intent(event["create"], **told, before=frozenset(event["before"]))
                elif "sent" in event:
                    intents[event["sent"]] = replace(intents[event["sent"]], at=event["at"])
                elif intents.pop(event["settled"]).member == member:
                    made = event["organization"] or made
        except (ValueError, KeyError, TypeError) as error:
            raise StateError(
                f"{self._file} cannot be read ({error}). Move it away, look at the children of the "
                "organization, and run this again. To list them: hmsplan doctor",
                summary="Journal is damaged",
            ) from None
        return next((intent for intent in intents.values() if intent.member == member), None), made

    def _add(self, event: Mapping[str, Any]) -> None:
        data = orjson.dumps({"format_version": FORMAT_VERSION, **event}, option=orjson.OPT_APPEND_NEWLINE)
        with durable.failing("write", self._folder):
            durable.append(self._file, self._size, data)
        self._size += len(data)


def settle(journal: OrganizationJournal, member: Member, family: Family) -> None:
    """Find out what became of an earlier create of *member*.

    Raises:
        AlreadyThere: it ended well.
        KeyLost: it was made.
        UnknownCreate: that cannot be said, or not yet.
    """
    intent, earlier = journal.read(member.name)
    if earlier is not None and (family.children is None or earlier in family.children):
        raise AlreadyThere(
            f"{plain(earlier)} was created for {member.name}. Write {member.place_of(plain(earlier))}, "
            f"and give its key as {member.key}. Nothing was created now."
        )
    if intent is None:
        return
    if intent.parent != family.id:
        what = f"it is not known whether an earlier run created an organization for {member.name}"
        detail = f"{what}, under {intent.parent}, and the key belongs to {family.id}"
        raise UnknownCreate(f"{detail}. Run it with the key of {intent.parent}.")
    if made := family.named(intent.name, intent.before):
        raise _lost(intent, member, made)
    wait_s = intent.at + GRACE_S - family.now
    if family.children is None or wait_s > 0:
        when = "later" if family.children is None else f"in {wait_s:.0f} s"
        raise UnknownCreate(
            f"an earlier run asked for an organization for {member.name}, which is not in the list of children yet. "
            f"Run this again {when}: nothing is sent until its outcome is known."
        )
    journal.settle(intent, "proven absent")


def refuse_twin(new: NewOrganization, member: Member, family: Family) -> None:
    """Refuse a second child with the same name.

    Raises:
        AlreadyThere: one is there.
    """
    if found := family.named(new.name):
        raise AlreadyThere(
            f"{plain(family.name or family.id)} already has a child with the name {plain(new.name)}: "
            f"{', '.join(map(plain, found))}. If it belongs to {member.name}, write "
            f"{member.place_of(plain(found[0]))}, and keep its key where {member.key} says. If not, choose "
            "another --name."
        )


async def create(
    connect: Connect,
    journal: OrganizationJournal,
    new: NewOrganization,
    member: Member,
    put: Callable[[str], object],
) -> str:
    """Make it, once, put its key away, and return its id. The caller holds the lock of *journal*.

    Raises:
        AlreadyThere: one of the name has appeared.
        ApiError: the API refused, which proves that nothing was made.
        KeyLost: it was made, and its key is gone.
        UnknownCreate: it may have been made.
    """
    async with connect(WriteClient) as client:
        return await _created(client, journal, new, member, put)


async def _created(
    client: WriteClient,
    journal: OrganizationJournal,
    new: NewOrganization,
    member: Member,
    put: Callable[[str], object],
) -> str:
    family = await read_family(client)
    if family.id != new.parent:
        raise UnknownCreate(f"the key now belongs to {plain(family.id)}, and not to {plain(new.parent)}")
    refuse_twin(new, member, family)
    before = frozenset(family.children or ())
    intent = Intent(str(uuid.uuid4()), new.member, new.name, new.parent, new.sink, client.server_latest(), before)
    journal.intend(intent)

    async def ask() -> None:
        journal.renew(intent, client.server_latest())

    try:
        answer = await client.post(_WHERE, {"name": new.name, "parent_org_id": new.parent}, before=ask)
    except Ambiguous as error:
        raise await _doubtful(client, intent, member, _without_key(str(error))) from None
    except ApiError:
        journal.settle(intent, "refused")
        raise
    made, key = _made(answer)
    if key is None:
        raise _lost(intent, member, [made]) if made else await _doubtful(client, intent, member, "it holds no key")
    _put_away(journal, member, key, put, made)
    journal.settle(intent, "created", made)
    return made


def _made(answer: Any) -> tuple[str, str | None]:
    """Return the id of the new organization, "" when it is not told, and its key."""
    outer = answer if isinstance(answer, dict) else {}
    inner = next((outer[name] for name in ("organization", "data") if isinstance(outer.get(name), dict)), outer)
    key = inner.get("api_key") or outer.get("api_key")
    made = inner.get("id")
    return made if isinstance(made, str) else "", key if isinstance(key, str) and key.strip() else None


def _put_away(journal: OrganizationJournal, member: Member, key: str, put: Callable[[str], object], made: str) -> None:
    """Give the key to the sink; where that fails, keep it beside the journal.

    Raises:
        HmsplanError: the sink failed, and where the key is now.
    """
    try:
        put(key)
    except HmsplanError as error:
        where, why = journal.rescue(member.name), _without_key(f"{error.summary}: {error.detail}".rstrip(": "))
        sinks.keep(where, key)
        raise HmsplanError(
            f"organization {plain(made)} was created for {member.name}, and its key is in {where}, which only this "
            f"user may read. Copy it to where {member.key} comes from, delete that file, and write "
            f"{member.place_of(plain(made))}.\n{why}",
            summary="Key not delivered",
        ) from None


async def _doubtful(client: WriteClient, intent: Intent, member: Member, why: str) -> HmsplanError:
    """Look once what became of a POST whose answer was lost."""
    try:
        made = (await read_family(client)).named(intent.name, intent.before)
    except ApiError:
        made = []
    if made:
        return _lost(intent, member, made)
    return UnknownCreate(
        f"the answer was lost ({why}), and no such organization is listed yet. Nothing more was sent. Run "
        f"this again in {GRACE_S:.0f} s: it finds out what happened. If one was created, its key cannot be shown again."
    )


def _lost(intent: Intent, member: Member, made: list[str]) -> KeyLost:
    ids = ", ".join(map(plain, made))
    return KeyLost(
        f"organization {ids} was created for {member.name}, and the answer that showed its key was lost, unless "
        f"{intent.sink} has it. The API does not show it again. Create a key for it in the dashboard, keep it where "
        f"{member.key} comes from, and write {member.place_of(plain(made[0]))}. Or have the "
        "organization removed, and run this again."
    )


def _without_key(text: str) -> str:
    return _KEY.sub(HIDDEN, text)


def _alike(name: str) -> str:
    return " ".join(name.split()).casefold()
