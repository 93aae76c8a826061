"""Plan against what is live, or against a saved snapshot."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hmsplan.api.client import ReadClient
from hmsplan.model import Digest
from hmsplan.operations.history import doubts
from hmsplan.operations.promotion import with_proof
from hmsplan.operations.refresh import read, read_more
from hmsplan.operations.rollback import gone_back
from hmsplan.planner.inputs import kinds_in_use, kinds_to_consult
from hmsplan.planner.matching import NOWHERE
from hmsplan.planner.planner import DEFAULTS, Options, make_plan
from hmsplan.text import wording

if TYPE_CHECKING:
    from hmsplan.model import Plan, Snapshot, Stack, State
    from hmsplan.operations.workspace import Workspace
    from hmsplan.planner.matching import Elsewhere

_LOG: Final = logging.getLogger(__name__)


async def plan(workspace: Workspace, options: Options = DEFAULTS, *, impact: bool = False, whose: bool = False) -> Plan:
    """Say what an apply would do now. Reads only.

    Args:
        workspace: the stack, its state and the API.
        options: targets, what is allowed, whether to destroy.
        impact: read also which calls are in progress, and how many there were in the last days.
        whose: ask the API whose organization it is, also where its lists tell it.

    Raises:
        ApiError: something could not be read.
        StateError: the state cannot be read, or is another stack's; or there is no way back to ``workspace.rollback``.
        WrongOrganization: the key's organization is not the declared or remembered one.
        PlanError: the readings contradict each other.
    """
    state, elsewhere = workspace.state(), workspace.elsewhere()
    workspace, options = gone_back(workspace, state, options)
    options = with_proof(options, workspace)
    async with workspace.client(ReadClient) as client, workspace.reading(client):
        made, snapshot = await plan_live(client, workspace.stack, state, options, elsewhere=elsewhere, whose=whose)
        if impact:
            from hmsplan.operations.impact import with_impact  # noqa: PLC0415 -- seldom asked for

            made = await with_impact(client, workspace.stack, state, made, snapshot, options, elsewhere=elsewhere)
    made = replace(made, warnings=(*doubts(workspace.backend, state), *made.warnings))
    return workspace.check(made, workspace.stack)  # last: an impact may plan once more


async def plan_live(
    client: ReadClient,
    stack: Stack,
    state: State,
    options: Options = DEFAULTS,
    *,
    elsewhere: Elsewhere = NOWHERE,
    whose: bool = False,
) -> tuple[Plan, Snapshot]:
    """Read what is live and plan against it.

    Where something would go away, the kinds that may still use it are read too, and the plan is made again.

    Args:
        client: of the organization.
        stack: what is declared.
        state: what earlier applies left behind.
        options: targets, what is allowed, whether to destroy.
        elsewhere: the objects that other environments of the stack bind.
        whose: ask the API whose organization it is, also where the lists tell it.
    """
    names = kinds_in_use(stack, state)
    snapshot = await read(client, stack, state, names, whose=whose)
    plan = _planned(stack, snapshot, state, options, elsewhere)
    while more := kinds_to_consult(plan, snapshot):
        snapshot = await read_more(client, stack, state, snapshot, more)
        plan = _planned(stack, snapshot, state, options, elsewhere)
    return plan, snapshot


def _planned(stack: Stack, snapshot: Snapshot, state: State, options: Options, elsewhere: Elsewhere) -> Plan:
    began = time.perf_counter()
    plan = make_plan(stack, snapshot, state, options, elsewhere)
    if _LOG.isEnabledFor(logging.INFO):
        took_ms = (time.perf_counter() - began) * 1000
        _LOG.info("%s: %s, %.0f ms", plan.digest_of(Digest.STRICT), wording.listed(_counts(plan)), took_ms)
    return plan


def _counts(plan: Plan) -> list[str]:
    counts = {"change": plan.pending, "step": plan.steps, "drifted object": plan.drift, "refusal": plan.refusals}
    return [wording.count(len(found), noun) for noun, found in counts.items()]
