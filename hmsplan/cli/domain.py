"""``hmsplan domain …``: the DNS records of the mail domain, and whether the platform finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from hmsplan.cli.parsing import Group
from hmsplan.cli.session import open_workspace, wait_for
from hmsplan.cli.terminal import color, out
from hmsplan.kinds.domain import FAILED, VERIFIED, dns_records
from hmsplan.operations.domain import domain_status, verify_domain
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.cli.options import Globals
    from hmsplan.kinds.domain import DnsRecord
    from hmsplan.model import RemoteObject, Spec

NOT_VERIFIED: Final = 1
_TONES: Final = {VERIFIED: "green", **dict.fromkeys(FAILED, "red")}


@click.group("domain", cls=Group)
def domain_command() -> None:
    """Look at the mail domain of the organization, which the stack declares as `domain:`."""


@domain_command.command("status")
@click.pass_obj
def status_command(options: Globals) -> int:
    """Show the domain, its status and the DNS records it needs. Reads only."""
    _print(options, wait_for(domain_status(open_workspace(options))))
    return 0


@domain_command.command("verify")
@click.pass_obj
def verify_command(options: Globals) -> int:
    """Have the platform check the DNS records now, and show what it found. Changes no setting, and asks nothing.

    Exits 0 when the domain is verified or the check goes on, and 1 when it failed or there is no domain.
    """
    domain = wait_for(verify_domain(open_workspace(options)))
    _print(options, domain)
    return NOT_VERIFIED if domain.fields.get("status") in FAILED else 0


def _print(options: Globals, domain: RemoteObject | None) -> None:
    if options.json:
        out(orjson.dumps({"format_version": "1.0", "domain": _json(domain.fields) if domain else None}).decode())
    elif domain is None:
        out("The organization has no mail domain.")
    else:
        out("\n".join(_lines(options, domain.fields)))


def _json(domain: Spec) -> dict[str, Any]:
    names = ("id", "domain_name", "status", "region", "verified_at")
    return {**{name: domain.get(name) for name in names}, "records": [each._asdict() for each in dns_records(domain)]}


def _lines(options: Globals, domain: Spec) -> Iterator[str]:
    status, records = str(domain.get("status")), dns_records(domain)
    yield f"{plain(str(domain.get('domain_name')))}: {_toned(options, status)}"
    if records:
        yield ""
        yield from _table(options, records)
    if status != VERIFIED:
        if status in FAILED:
            yield "\nThe check failed: what is marked so is missing at your DNS, or has another value there."
        yield "\nNo mail is sent until it is verified. Set these records at your DNS, then type:"
        yield f"  {options.command('domain', 'verify')}"


def _table(options: Globals, records: tuple[DnsRecord, ...]) -> Iterator[str]:
    """Yield two lines a record: what it is called, and below it the value, which is never broken: it is copied."""
    yield "Type   Priority  Status        Name"
    for record in records:
        status = _toned(options, record.status) + " " * (12 - len(plain(record.status)))
        yield f"{plain(record.type):<5}  {plain(record.priority):<8}  {status}  {plain(record.name)}"
        yield f"       {plain(record.value)}"


def _toned(options: Globals, status: str) -> str:
    tone = _TONES.get(status, "yellow")
    return click.style(plain(status), fg=tone) if color(options.color) else plain(status)
