"""The folders of tests/golden: a stack, what is live and what we remember, read as hmsplan reads them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hmsplan.api.refresh import parse_member, parse_one
from hmsplan.config.load import load_stack
from hmsplan.formats import history_file
from hmsplan.formats.snapshot_file import save
from hmsplan.formats.state_file import parse
from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.model import Address, Content, Proof, RemoteObject, Snapshot, State
from hmsplan.operations import minutes
from hmsplan.operations.offline import plan_against
from hmsplan.operations.rollback import rollback_to
from hmsplan.output.html.page import asset, script_hash
from hmsplan.planner.drift import survey
from hmsplan.planner.planner import Options, make_plan
from hmsplan.planner.rollback import stack_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.model import Minutes, Plan, Stack
    from hmsplan.planner.drift import DriftReport

GOLDEN: Final = Path(__file__).parents[1] / "golden"
CASES: Final = sorted(folder.parent.name for folder in GOLDEN.glob("*/stack"))
SECRETS: Final = {
    "webhook": "golden-hook-value",
    "sip_password": "golden-sip-value",
    "crm": "golden-crm-value",
    "tenant": "golden-tenant-value",
    "voice_key": "golden-voice-key",
    "mail_key": "golden-mail-key",
}
ENVIRON: Final = {"HMSPLAN_FINGERPRINT_KEY": "golden-key-value-of-the-golden-cases"} | {
    f"HMSPLAN_SECRET_{name.upper()}": value for name, value in SECRETS.items()
}
LINEAGE: Final = "11111111-1111-4111-8111-111111111111"
NOW: Final = 1_790_000_000.0
UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHA256: Final = re.compile(r"\b[0-9a-f]{64}\b")


def words_of(case: str) -> dict[str, Any]:
    """Return what the command line says, ``environment``, ``targets``, ``excluded``, ``snapshot_age_s`` …

    ``applied`` is what ``proof_of`` takes; ``calls`` and ``left`` what ``minutes_of`` does.
    """
    file = GOLDEN / case / "options.json"
    said: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return said


@cache
def stack_of(case: str) -> Stack:
    return load_stack(
        GOLDEN / case / "stack", environment=words_of(case).get("environment"), environ=ENVIRON, need_secrets=True
    )


def live_of(case: str) -> dict[str, Any]:
    """Return objects by kind, ``leads`` by the id of their campaign, and the id of the ``organization``.

    Of kinds that have no list it has the answer itself, under the name of its path: ``byok``, ``domains``.
    """
    live: dict[str, Any] = json.loads((GOLDEN / case / "live.json").read_text("utf-8"))
    return live


def snapshot_of(live: Mapping[str, Any]) -> Snapshot:
    """Read what is live as the client reads answers."""
    objects: dict[str, dict[str, RemoteObject]] = {}
    for name, kind in KINDS.items():
        if kind.unfold is not None:
            answer = live.get(kind.path.strip("/"))
            items = (kind.unfold(answer) or ()) if answer is not None else ()
            found = [parse_one(kind, answer, identity_of(kind, item)) for item in items]
        else:
            found = [parse_one(kind, item) for item in live.get(name, [])]
        objects[name] = {item.id: item for item in found if item is not None}
    leads = {
        campaign: tuple(item for lead in items if (item := parse_member(KINDS["campaigns"], lead)) is not None)
        for campaign, items in live.get("leads", {}).items()
    }
    return Snapshot(objects, leads, organization=live.get("organization"), now=NOW)


def state_of(case: str) -> State:
    file = GOLDEN / case / "state.json"
    return parse(file.read_bytes()) if file.exists() else State(LINEAGE)


@cache
def plan_of(case: str) -> Plan:
    """Plan one case through everything that reads and decides."""
    said, stack, snapshot, state = words_of(case), stack_of(case), snapshot_of(live_of(case)), state_of(case)
    options = Options(
        tuple(said.get("targets", ())),
        said.get("destroy", False),
        excluded=tuple(said.get("excluded", ())),
        at=said.get("at"),
    )
    if applied := said.get("applied"):
        options = replace(options, proof=proof_of(stack, applied))
    if number := said.get("rollback"):
        with (GOLDEN / case / "history.jsonl").open("rb") as file:
            lines = list(history_file.read(file))
        past = stack_at(stack, state, [line.entry() for line in lines], rollback_to(lines, number))
        return make_plan(past.stack, snapshot, state, replace(options, past=past))
    if age_s := said.get("snapshot_age_s"):
        return plan_against(save(stack, snapshot, state, NOW - age_s), stack, NOW, options)
    plan = make_plan(stack, snapshot, state, options)
    return replace(plan, minutes=minutes_of(plan, stack, said["calls"], said["left"])) if "calls" in said else plan


def minutes_of(plan: Plan, stack: Stack, calls: Mapping[str, list[int]], left: float) -> Minutes | None:
    """Return what the campaigns take; *calls* are the seconds of earlier calls by the id of the assistant."""
    made = [{"agent_id": each, "duration_seconds": length} for each, lengths in calls.items() for length in lengths]
    found = minutes.minutes_of(plan, stack, made, NOW)
    return replace(found, left=left) if found is not None else None


def proof_of(stack: Stack, applied: Mapping[str, Mapping[str, Any]]) -> Proof:
    """Return what the required environment proves: ``hours_ago`` and ``apply`` by address.

    An address that has ``is_other`` has another content, one that has ``is_deleted`` is gone.
    """
    contents, deletions, applies = dict[Address, Content | None](), dict[Address, float](), dict[float, int]()
    for name, said in applied.items():
        address, at = Address.parse(name), NOW - said["hours_ago"] * 3600
        applies[at] = said["apply"]
        if said.get("is_deleted"):
            deletions[address] = at
        else:
            digest = "0" * 64 if said.get("is_other") else stack.content_of(address)
            contents[address] = Content(digest, at) if digest is not None else None
    return Proof(contents, deletions, applies)


@cache
def drift_of(case: str) -> DriftReport:
    """Survey one case as ``hmsplan drift`` does."""
    return survey(stack_of(case), snapshot_of(live_of(case)), state_of(case))


def numbered(plan: Plan, text: str, *, known: str = "") -> str:
    """Return what is told of *plan* without digests, with numbers for the ids that the emulator gave.

    Those that *known* has are kept.
    """
    text = masked(plan, text)
    made = dict.fromkeys(each for each in UUID.findall(text) if each not in known)
    for number, each in enumerate(made, 1):
        text = text.replace(each, f"NEW-{number}")
    return text


def masked(plan: Plan, text: str) -> str:
    """Return what is told of *plan* without digests: one would change with every detail that is reviewed elsewhere."""
    return SHA256.sub("SHA256", text.replace(plan.digest, "DIGEST").replace(plan.intent, "INTENT"))


def outline(document: Mapping[str, Any]) -> str:
    """Return what decides in a plan's JSON, a line each: changes, drift, steps and what they need, risks.

    Of a value only its place is told, and only where it is not known yet or sensitive.
    """
    ours = document["hmsplan"]
    sources = {each["address"]: each["source"] for each in ours["changes"]}
    lines = [f"applyable {document['applyable']}, complete {document['complete']}"]
    for head, items in (("change", document["resource_changes"]), ("drift", document["resource_drift"])):
        lines += [f"{head} {told}" for item in items if (told := _told(item, sources))]
    lines += [" <- ".join(filter(None, [f"step {each['key']}", ", ".join(each["needs"])])) for each in ours["steps"]]
    lines += [f"refused {each['address']} {each['flag']}" for each in ours["refusals"]]
    lines += [f"approval {each['status']} {each['allow']} at {each['source']}" for each in ours["approvals"]]
    lines += [f"unsettled {each['address']} {' '.join(each['candidates'])}".rstrip() for each in ours["unsettled"]]
    return "".join(f"{line}\n" for line in lines)


def _told(item: Mapping[str, Any], sources: Mapping[str, Any]) -> str:
    """Return the line of one object; "" for one that stays as it is."""
    change = item["change"]
    if change["actions"] == ["no-op"] and "importing" not in change and "previous_address" not in item:
        return ""
    parts = [f"{item['address']} {','.join(change['actions'])}"]
    parts += [f"from {item['previous_address']}"] if "previous_address" in item else []
    parts += [f"imports {change['importing']['id']}"] if "importing" in change else []
    parts += [f"at {sources[item['address']]}"] if sources.get(item["address"]) else []
    for name in ("replace_paths", "after_unknown", "before_sensitive", "after_sensitive"):
        found = change.get(name, {})
        places = [".".join(map(str, each)) for each in found] if isinstance(found, list) else sorted(_marked(found))
        parts += [f"{name} {' '.join(places)}"] if places else []
    return ", ".join(parts)


def _marked(value: Any, at: str = "") -> Iterator[str]:
    """Yield the places where *value* is True."""
    if value is True:
        yield at
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _marked(item, f"{at}.{key}" if at else str(key))


def without_constants(page: str) -> str:
    """Return a page of HTML without what is the same in all of them."""
    style, script = asset("style.css"), asset("script.js")
    return page.replace(f"\n{style}", "STYLE").replace(f"\n{script}", "SCRIPT").replace(script_hash(script), "HASH")


def expect(path: Path, text: str, *, update: bool) -> None:
    """Fail unless *path* holds *text*; ``make golden`` writes it there."""
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
