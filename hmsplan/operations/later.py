"""Wait for a moment before an apply. Nothing is locked meanwhile, and nothing is written."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hmsplan.api.client import ReadClient
from hmsplan.api.refresh import read_organization_name
from hmsplan.errors import StalePlan, UnsafePlan
from hmsplan.model import Digest
from hmsplan.operations.apply import check_consent
from hmsplan.operations.plan import plan_live
from hmsplan.operations.promotion import with_proof
from hmsplan.operations.rollback import gone_back
from hmsplan.operations.saved_plan import refuse_other_place
from hmsplan.planner.windows import told_by
from hmsplan.text.timestamps import for_people

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hmsplan.operations.apply import Consent
    from hmsplan.operations.workspace import Workspace
    from hmsplan.planner.planner import Options

_LOOK_S: Final = 30.0
"""A machine that was asleep notices within this that the moment has come."""
_MARGIN_S: Final = 1.0
"""The API tells the time in whole seconds."""


async def wait_for_moment(
    workspace: Workspace,
    options: Options,
    consent: Consent,
    *,
    wall: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> Consent:
    """Plan as of the moment of *options*, wait until then, and return what the apply has to keep to.

    The plan is shown, refused and asked about before the waiting, for the person who says yes has gone home when it is
    over. So what is applied then is that very plan, or nothing. Where nothing is to be done, nothing is waited for.

    Raises:
        StalePlan: this is not the plan that was reviewed, or it expires before that.
        UnsafePlan: it is refused, then as well.
        HmsplanError: nothing could be read or planned.
    """
    if consent.saved is not None:
        refuse_other_place(consent.saved, workspace.stack)
    state, elsewhere = workspace.state(), workspace.elsewhere()
    workspace, options = gone_back(workspace, state, options)
    options = with_proof(options, workspace)
    async with workspace.client(ReadClient) as client:
        async with workspace.reading(client):
            whose = consent.saved is not None
            plan, snapshot = await plan_live(client, workspace.stack, state, options, elsewhere=elsewhere, whose=whose)
        plan = workspace.check(plan, workspace.stack)
        ahead_s = client.server_now() - wall()
        check_consent(plan, consent, state)
        moment = snapshot.now if plan.as_of is None else plan.as_of
        _refuse_expired(consent, moment, workspace.stack.safety.zone)
        if plan.is_refused:
            workspace.reporter.planned(plan)
            raise UnsafePlan(plan.refusals, plan.denials)
        if plan.pending and consent.ask is not None:
            workspace.reporter.planned(plan)
            consent.ask(plan, await read_organization_name(client))
            consent = replace(consent, ask=None, digest=plan.digest_of(Digest.STRICT))
    if plan.pending:
        await _sleep_until(moment + _MARGIN_S - ahead_s, workspace, wall, sleep)
    return consent


def _refuse_expired(consent: Consent, moment: float, zone: str) -> None:
    saved = consent.saved
    if saved is not None and saved.expires is not None and moment >= saved.expires:
        told = told_by(zone, moment)
        raise StalePlan(
            f"it may be applied until {for_people(saved.expires)}, which is before {told}. Save it "
            "later, or let it hold longer, with safety.plan_ttl in hmsplan.yaml",
            summary="Saved plan will have expired",
        )


async def _sleep_until(
    end: float, workspace: Workspace, wall: Callable[[], float], sleep: Callable[[float], Awaitable[object]]
) -> None:
    if (left_s := end - wall()) > 0:
        workspace.reporter.resting(left_s, end)
    while (left_s := end - wall()) > 0:
        await sleep(min(left_s, _LOOK_S))
