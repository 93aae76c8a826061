"""Plan <-> JSON. Pure.

The JSON has the shape of Terraform's plan JSON (``format_version`` 1.2), so that OPA, checkov and terraform-compliance
read it unchanged; what Terraform has no word for lies under ``hmsplan``. Secrets are redacted, not only marked.
``hmsplan.plan`` is the plan itself, exactly, but for what may not leave the process (``formats.redact``).
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from hmsplan.errors import StalePlan, StateError
from hmsplan.formats.blast_radius_json import blast_radius_json
from hmsplan.formats.codec import decode, encode
from hmsplan.formats.minutes_json import minutes_json
from hmsplan.formats.plan_parts import approval_json, denial_json, refusal_json, rollback_json, unsettled_json
from hmsplan.formats.redact import kept, shown
from hmsplan.formats.terraform_json import beyond, terraform_json
from hmsplan.kinds import KINDS
from hmsplan.model import Against, MembersChange, Plan, is_address_pattern, tally
from hmsplan.planner.digest import with_digests
from hmsplan.text.canonical_json import digest
from hmsplan.text.escape import json_for_yaml
from hmsplan.text.strict_json import read_document
from hmsplan.text.timestamps import for_people

FORMAT_VERSION: Final = "1.2"
PLAN_VERSION: Final = 1
_YEAR_9999: Final = 253_370_764_800


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return *plan* for machines; equal plans give equal JSON, because no clock and no machine takes part.

    When and by whom a plan was made is part of it only once ``plan_validity.dated`` says so.
    """
    plan = shown(plan, whole=True)
    public = kept(plan)
    made_at, expires_at = (for_people(at) if at is not None else None for at in (plan.made, plan.expires))
    return terraform_json(plan) | {
        "hmsplan": {
            "version": PLAN_VERSION,
            "tool_version": plan.tool_version,
            "digest": plan.digest,
            "intent": plan.intent,
            "made_at": made_at,
            "expires_at": expires_at,
            "stack": plan.stack,
            "environment": plan.environment,
            "organization": plan.organization,
            "lineage": plan.lineage,
            "serial": plan.serial,
            "targets": list(plan.targets),
            "excluded": list(plan.excluded),
            "counts": tally(plan),
            "reach": blast_radius_json(plan),
            "refusals": [refusal_json(refusal) for refusal in plan.refusals],
            "denials": [denial_json(denial) for denial in plan.denials],
            "approvals": [approval_json(use) for use in plan.approvals],
            **({"opens": plan.opens.typed} if plan.opens is not None else {}),
            **({"as_of": for_people(plan.as_of)} if plan.as_of is not None else {}),
            "unsettled": [unsettled_json(each) for each in plan.unsettled],
            "changes": [beyond(change, whole=True) for change in public.pending],
            "steps": [{"key": step.key, "needs": sorted(step.needs)} for step in plan.steps],
            "plan": encode(public, Plan),
            **({"rollback": rollback_json(plan.rollback, plan.lost)} if plan.rollback is not None else {}),
            **({"minutes": minutes_json(plan.minutes)} if plan.minutes is not None else {}),
            **({"against": encode(plan.against, Against)} if plan.against is not None else {}),
        }
    }


def plan_to_bytes(plan: Plan) -> bytes:
    """Return ``plan_to_json`` on one line, sealed, with a line break at its end.

    Invisible characters are escaped: checkov reads JSON as YAML, which refuses some of them, and then it finds
    nothing in the whole plan.
    """
    document = plan_to_json(plan)
    document["hmsplan"]["seal"] = digest(document)
    return json_for_yaml(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE).decode()).encode()


def plan_from_bytes(data: bytes) -> Plan:
    """Read a saved plan.

    Raises:
        StateError: too big, not JSON, or not a plan that this version can read.
        StalePlan: it is not the plan that was saved.
    """
    document = read_document(data, "plan", _SUMMARY)
    plan = plan_from_json(document)
    if not _is_sealed(document):
        raise StalePlan(f"{_EDITED}. {_AGAIN}", summary=_TOUCHED)
    return plan


def _is_sealed(document: dict[str, Any]) -> bool:
    """Say whether *document* is whole, also where only other tools read: a policy that judged it judged this plan.

    It finds accidents and hasty hands. A seal that is made again still does not change what is done: see ``_honest``.
    """
    ours = {key: value for key, value in document["hmsplan"].items() if key != "seal"}
    try:
        return bool(document["hmsplan"].get("seal") == digest({**document, "hmsplan": ours}))
    except TypeError:  # a number or a text that we never write
        return False


_SUMMARY: Final = "Not a saved plan"
_TOUCHED: Final = "Saved plan was edited"
_EDITED: Final = "Its content is not the one that was saved, so it was cut, edited or mixed up"
_AGAIN: Final = "Make a new one:\n  hmsplan plan -o FILE"


def plan_from_json(document: Any) -> Plan:
    """Return the plan that ``plan_to_json`` was given, without what it kept to itself (``formats.redact.public_plan``).

    Raises:
        StateError: *document* is of another format or version, or breaks it.
        StalePlan: it shows other changes than its digests stand for.
    """
    try:
        return _honest(_consistent(decode(_exact_part(document), Plan, "plan")))
    except (ValueError, RecursionError) as error:
        detail = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise StateError(f"{detail}. {_AGAIN}", summary=_SUMMARY) from None


def _exact_part(document: Any) -> Any:
    """Return ``hmsplan.plan`` of a document whose versions this version understands."""
    ours = document.get("hmsplan") if isinstance(document, dict) else None
    if not isinstance(ours, dict) or not isinstance(ours.get("plan"), dict):
        raise ValueError("It lacks the key hmsplan.plan, which every plan of this tool has")  # noqa: TRY004
    version = str(document.get("format_version", ""))
    if version.split(".", maxsplit=1)[0] != FORMAT_VERSION.split(".", maxsplit=1)[0]:
        raise ValueError(f"Its format_version is {version!r:.20}, and this version reads {FORMAT_VERSION}")
    if ours.get("version") != PLAN_VERSION:
        raise ValueError(f"Its hmsplan.version is {ours.get('version')!r:.20}, and this version reads {PLAN_VERSION}")
    if ours.get("digest") != ours["plan"].get("digest", ""):
        raise ValueError("It has two digests, so it was edited")
    return ours["plan"]


def _consistent(plan: Plan) -> Plan:
    """Return *plan*; refuse one that no planner makes and no renderer expects."""
    for change in plan.changes:
        paths = [*change.released, *change.replaces, *(field.path for field in change.fields)]
        if not all(paths):
            raise ValueError(f"{change.address}: a field has no path")
        if change.members is not None and not _is_paired(change.members):
            raise ValueError(f"{change.address}: members that are not there")
        if not all(reached.kind in KINDS for reached in change.reaches):
            raise ValueError(f"{change.address}: it reaches an object of an unknown kind")
    if not all(at is None or 0 <= at < _YEAR_9999 for at in (plan.made, plan.expires, plan.as_of)):
        raise ValueError("made, expires, as_of: no time that can be")
    if not all(map(is_address_pattern, (*plan.targets, *plan.excluded))):
        raise ValueError("targets, excluded: no pattern of addresses")
    if not set(plan.unread) <= KINDS.keys():
        raise ValueError("unread: an unknown kind")
    for drift in plan.drift:
        if drift.kind not in KINDS or not all(field.path for field in drift.fields):
            raise ValueError("drift: an unknown kind, or a field without a path")
    return plan


def _is_paired(members: MembersChange) -> bool:
    """Say whether what is said of single members is said of members that are there, of each once."""
    pairs = [(update.add, update.remove) for update in members.updates]
    sides = zip((members.add, members.remove), (zip(*pairs, strict=True) if pairs else ((), ())), strict=True)
    are_there = all(len(set(side)) == len(side) and all(0 <= i < len(found) for i in side) for found, side in sides)
    return are_there and len(members.places) in {0, len(members.add)}


def _honest(plan: Plan) -> Plan:
    """Return *plan*; refuse one whose changes are not those of its digests: it would show another plan than it is."""
    try:
        made = with_digests(plan)
    except TypeError:
        made = None
    if made is None or (made.digest, made.intent) != (plan.digest, plan.intent):
        raise StalePlan(f"{_EDITED}. {_AGAIN}", summary=_TOUCHED)
    return plan
