"""``hmsplan fleet create``: an organization for a new member, whose key goes straight to where it is kept."""

from __future__ import annotations

import os
import shlex
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from hmsplan.api.client import ReadClient
from hmsplan.cli.author import author_of
from hmsplan.cli.fleet_run import TO_TRY, NoMember, common_of, open_fleet
from hmsplan.cli.parsing import Command
from hmsplan.cli.session import KEY, connect, wait_for
from hmsplan.cli.session import NoKey as NoAgencyKey
from hmsplan.cli.signals import signals_to
from hmsplan.cli.terminal import ask, err, interactive, out, report, wrapped
from hmsplan.errors import HmsplanError, StalePlan
from hmsplan.fleet.organizations import (
    AlreadyThere,
    NewOrganization,
    OrganizationJournal,
    create,
    read_family,
    refuse_twin,
    settle,
)
from hmsplan.fleet.worker import NoKey, key_of
from hmsplan.secrets import sinks
from hmsplan.secrets.detect import hidden
from hmsplan.secrets.source import Sink
from hmsplan.text.escape import plain
from hmsplan.text.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.cli.options import Globals
    from hmsplan.fleet.organizations import Family
    from hmsplan.fleet.task import Common
    from hmsplan.fleet.values import Fleet, Member

FORMAT_VERSION: Final = "1.0"


class NoSink(HmsplanError):
    """It is not said where the key goes."""

    exit_code = 4
    summary = "No place for the key"

    def __init__(self, given: str | None) -> None:
        wrong = "" if given is None else f"{given.partition(':')[0]} is not a sink. "
        super().__init__(
            f"{wrong}The API shows the key of a new organization once, so it is not made before there is a place for "
            "the key. Add --sink file:PATH (a new file that only you may read), or --sink exec:COMMAND (it gets the "
            "key on stdin)."
        )


@click.command("create", cls=Command)
@click.argument("name", metavar="MEMBER")
@click.option("--sink", metavar="SINK", help="Where its key goes: file:PATH, or exec:COMMAND, which gets it on stdin.")
@click.option("--name", "called", metavar="TEXT", help="Name of the organization. Default: that of the member.")
@click.option("-y", "--yes", "--auto-approve", "yes", is_flag=True, help="Do not ask.")
@click.option("--expect-digest", metavar="DIGEST", help="Refuse anything but what has this digest, organization:….")
@click.pass_obj
def create_member(
    options: Globals, *, name: str, sink: str | None, called: str | None, yes: bool, expect_digest: str | None
) -> int:
    """Make the organization of a new member, billed to that of HMS_SOVEREIGN_API_KEY. Its key is shown nowhere.

    What would be made is shown first. It is asked for once, and never again while it is not known whether it was made.
    """
    place = _sink(sink)
    if expect_digest is not None and not expect_digest.strip():
        raise StalePlan("--expect-digest is empty: nothing was reviewed, so nothing is made", summary="No digest")
    fleet, members = open_fleet(options, ())
    member = _member(name, fleet, members)
    common = common_of(options)
    _refuse_what_has_one(member, common)
    if not os.environ.get(KEY, "").strip():
        raise NoAgencyKey(
            f"{KEY} is not set. It has to hold the key of the agency, whose organization pays for the new one. {TO_TRY}"
        )
    journal = OrganizationJournal(options.directory, fleet.file)
    author = author_of(options.directory, os.environ)
    with journal.lock(f"fleet create by {author.name}"):
        family = wait_for(_read(options))
        settle(journal, member, family)
        new = NewOrganization(member.name, called or member.name, family.id, str(place))
        refuse_twin(new, member, family)
        _tell(options, new, family)
        _consented(new, expect_digest, yes=yes)
        with sinks.opened(place) as put, _deferring_signals():
            made = wait_for(create(partial(connect, options), journal, new, member, put))
    _tell_ending(options, new, member, made, place)
    return 0


def _sink(given: str | None) -> Sink:
    try:
        return Sink.parse(given or "")
    except ValueError:
        raise NoSink(given) from None


def _member(name: str, fleet: Fleet, members: tuple[Member, ...]) -> Member:
    found = next((member for member in members if member.name == name), None)
    if found is None:
        guess = did_you_mean(name, [member.name for member in members])
        raise NoMember(f"{plain(name)} is not in {fleet.file}.{guess} Write the member there first, with its key.")
    return found


def _refuse_what_has_one(member: Member, common: Common) -> None:
    """Refuse a member that has an organization or a key.

    Raises:
        AlreadyThere: it has.
    """
    if member.organization is not None:
        raise AlreadyThere(f"{member.name} ({member.source}) has one: {member.organization}. Nothing was made.")
    try:
        key, where = key_of(member, common)
    except NoKey:
        return
    if key:
        detail = f"{where} is set, so {member.name} ({member.source}) has a key, and with it an organization"
        raise AlreadyThere(f"{detail}. Nothing was made. To see which one: hmsplan fleet doctor --member {member.name}")


async def _read(options: Globals) -> Family:
    async with connect(options, ReadClient) as client:
        return await read_family(client)


def _tell(options: Globals, new: NewOrganization, family: Family) -> None:
    if options.json:
        return
    payer = f" ({plain(family.name)})" if family.name else ""
    lines = [
        f"{new.member}:",
        "",
        "  # an organization will be created",
        f'  + name          = "{plain(new.name)}"',
        f'  + parent_org_id = "{plain(new.parent)}"{payer}',
        "",
        f"Its key is shown once, and goes to {plain(hidden(new.sink))}.",
        "An organization cannot be deleted through the API.",
    ]
    if family.children is None:
        lines.append("The API lists no children, so whether one of this name is there cannot be said.")
    report("\n".join([*lines, "", f"Digest: {new.digest}", "Plan: 1 organization to add."]))


def _consented(new: NewOrganization, expected: str | None, *, yes: bool) -> None:
    """Refuse what was not reviewed.

    Raises:
        StalePlan: it has another digest than the expected one.
        HmsplanError: the answer was no, or no one can be asked.
    """
    if expected is not None and expected.strip() != new.digest:
        raise StalePlan(f"review what would be made now:\n  {new.digest}", summary="Digest differs")
    if yes:
        return
    if not interactive():
        raise HmsplanError("there is no terminal to ask on; add -y to create without asking", summary="Not applied")
    if ask("Do you want to create this organization? Only 'yes' is accepted.") != "yes":
        raise HmsplanError("nothing was created", summary="Not applied")


@contextmanager
def _deferring_signals() -> Iterator[None]:
    """Let the first SIGINT or SIGTERM wait until the key is where it belongs; the second stops at once."""
    caught: list[int] = []

    def defer(number: int, _frame: Any) -> None:
        if caught:
            os._exit(128 + number)
        caught.append(number)
        err("\nStopping when the key is where it belongs. Once more stops at once, and may lose it.")

    with signals_to(defer):
        yield


def _tell_ending(options: Globals, new: NewOrganization, member: Member, made: str, place: Sink) -> None:
    if options.json:
        document = {
            "format_version": FORMAT_VERSION,
            "member": new.member,
            "organization": made,
            "name": new.name,
            "parent_org_id": new.parent,
            "digest": new.digest,
        }
        out(orjson.dumps(document).decode())
        return
    variable = member.key_variable
    is_file = place.scheme == "file"
    keep = f" Keep {plain(place.place)} out of git." if is_file else f" Give the key as {variable}."
    typed = [f'export {variable}="$(cat {shlex.quote(plain(place.place))})"'] if is_file else []
    typed.append(options.fleet_commands.command("plan", "--member", new.member))
    where = f"Its key is in {plain(hidden(new.sink))}.{keep}"
    report("\n" + wrapped(f"Created organization {plain(made)} for {new.member}. {where}"))
    report(wrapped(f"Write {member.place_of(plain(made))}. To go on:"))
    report("\n".join(f"  {command}" for command in typed))
