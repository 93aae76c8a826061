"""The mail domain: from whose address the organization's mail is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.kinds.kind import STAMPS, Kind, Problem, Use
from hmsplan.text.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.model import Spec


VERIFIED: Final = "verified"
FAILED: Final = ("failed", "temporary_failure")
"""What the status of a domain is once its DNS was checked; of a record too."""


def only_domain(answer: Any) -> list[dict[str, Any]] | None:
    """Return the one domain there is ("One per organization; null when none is set"), in its envelope or without."""
    if not isinstance(answer, dict) or not {"domain", "domain_name"} & answer.keys():
        return None
    domain = answer.get("domain", answer)
    if domain is None:
        return []
    return [domain] if isinstance(domain, dict) and isinstance(domain.get("id"), str) and domain["id"] else None


def mailer(_: Any) -> str:
    """Whose account sends the mail: "managing it needs the organization's own Resend key"."""
    return "resend"


class DnsRecord(NamedTuple):
    """One record that has to stand in the DNS before mail is sent; every text is foreign.

    Attributes:
        priority: of an MX record; "" for others.
        status: what the platform last found: not_started, pending, verified, failed, possibly others.
    """

    type: str
    name: str
    value: str
    priority: str
    status: str

    def lines(self) -> tuple[str, str]:
        """Write it in the order of a zone file; the value stands on a line of its own, since it may be long."""
        return f"{self.name} {self.type}", " ".join(filter(None, (self.priority, self.value)))


def dns_records(domain: Spec) -> tuple[DnsRecord, ...]:
    """Read the records of a domain ("records: array or null"); one without a name and a value is left out."""
    found = domain.get("records")
    known = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    texts = ({key: "" if value is None else str(value) for key, value in each.items()} for each in known)
    return tuple(
        DnsRecord(each.get("type", ""), each["name"], each["value"], each.get("priority", ""), each.get("status", ""))
        for each in texts
        if each.get("name") and each.get("value")
    )


def set_records(domain: Spec) -> Iterator[str]:
    """Name the records that somebody has to set, and what to type then."""
    if records := dns_records(domain):
        yield "no mail is sent until these DNS records are set and verified:"
        for record in records:
            name, value = record.lines()
            yield from (f"  {name}", f"    {value}")
        yield "to check them, once they are set: hmsplan domain verify"


def failed_check(domain: Spec) -> Iterator[Problem]:
    """Name the records that the platform looked for in the DNS and did not find as they should be."""
    if domain.get("status") in FAILED:
        failed = [record.lines()[0] for record in dns_records(domain) if record.status in FAILED]
        which = f"{listed(failed) or 'a record'} {'are' if len(failed) > 1 else 'is'} missing or wrong there"
        detail = (
            f"the platform checked the DNS of {domain.get('domain_name')}, and {which}, so no mail is sent. "
            "To see what has to be set, type:\n  hmsplan domain status\nand once it is set:\n  hmsplan domain verify"
        )
        yield Problem((), "DNS check failed", detail)


DOMAIN: Final = Kind(
    name="domain",
    singular="domain",
    noun="mail domain",
    path="/domains",
    docs="SDK types Domain and DomainCreate; guide, section Domains",
    collection=(),
    envelope=(),
    unfold=only_domain,
    none_if=frozenset({400}),  # "every operation needs the organization's own Resend key", perhaps the GET too
    is_single=True,
    identity="domain_name",
    file="domain.yaml",
    unique=True,
    verbs=frozenset({"GET", "POST", "DELETE"}),
    required=frozenset({"domain_name"}),
    uses={(): Use(kind="byok_keys", named=mailer)},  # "needs the organization's own key"
    computed=STAMPS | {"resend_domain_id", "status", "region", "records", "verified_at"},
    immutable=frozenset({"domain_name"}),
    guarded_replace=True,  # its DNS records change, and no mail leaves until they are verified
    guarded_delete=True,
    to_do=set_records,
    trouble=failed_check,
    irretrievable="its DNS records have to be set and verified again",
    loss="no mail is sent until the DNS records of another one are set and verified",
)
