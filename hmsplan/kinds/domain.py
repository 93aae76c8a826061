"""The mail domain: from whose address the organization's mail is sent."""

from __future__ import annotations

from typing import Any, Final

from hmsplan.kinds.kind import STAMPS, Kind, Use


def only_domain(answer: Any) -> list[dict[str, Any]] | None:
    """Return the one domain there is ("One per organization; null when none is set")."""
    if not isinstance(answer, dict) or "domain" not in answer:
        return None
    domain = answer["domain"]
    if domain is None:
        return []
    return [domain] if isinstance(domain, dict) and isinstance(domain.get("id"), str) and domain["id"] else None


def mailer(_: Any) -> str:
    """Whose account sends the mail: "managing it needs the organization's own Resend key"."""
    return "resend"


DOMAIN: Final = Kind(
    name="domain",
    singular="domain",
    noun="mail domain",
    path="/domains",
    docs="SDK types Domain and DomainCreate; guide, section Domains",
    collection=(),
    envelope=(),
    unfold=only_domain,
    is_single=True,
    identity="domain_name",
    file="domain.yaml",
    unique=True,
    verbs=frozenset({"GET", "POST", "DELETE"}),
    required=frozenset({"domain_name"}),
    uses={(): Use(kind="byok_keys", named=mailer, is_needed=True)},  # "needs the organization's own key"
    computed=STAMPS | {"resend_domain_id", "status", "region", "records", "verified_at"},
    immutable=frozenset({"domain_name"}),
    guarded_replace=True,  # its DNS records change, and no mail leaves until they are verified
    guarded_delete=True,
    loss="no mail is sent until the DNS records of another one are set and verified",
)
