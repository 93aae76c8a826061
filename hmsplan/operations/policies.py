"""The policies of the user, ``policies/*.rego``: what they say of a plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from hmsplan.errors import ConfigError
from hmsplan.formats.plan_file import plan_to_json
from hmsplan.model import Address, Denial, Diagnostic, Severity
from hmsplan.operations.policy_files import is_test, read_policies
from hmsplan.operations.rego import TIME_S, Message, Result, evaluate
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmsplan.model import Plan, SourceLine, Stack
    from hmsplan.operations.policy_files import Policies

_WARN: Final = "warn"
_LEFT_OUT: Final = frozenset({"prior_state", "configuration"})
_OURS: Final = frozenset({"plan", "steps"})
"""Below ``hmsplan``. All of them say once more what stands elsewhere, and a large plan takes long to read."""


def with_policies(plan: Plan, stack: Stack, root: Path, ref: str | None = None, *, time_s: float = TIME_S) -> Plan:
    """Return *plan* with what the policies of the stack in *root* deny and warn of.

    Args:
        plan: whatever it does; one without changes is judged as well.
        stack: knows the lines of the resources.
        root: the folder that holds hmsplan.yaml.
        ref: the git revision whose policies count; None or "" = those of the working tree.
        time_s: seconds after which the evaluation is stopped.

    Raises:
        ConfigError: a policy cannot be read or evaluated.
        PoliciesNotRead: git does not give those of *ref*.
        NoRego: the extra is not installed, and there are policies.
    """
    policies = read_policies(root, ref)
    plan = replace(plan, warnings=(*plan.warnings, *policies.notes))
    if not policies.rules:
        return plan
    results = evaluate(policies, policy_input(plan), time_s=time_s)
    if failed := [result for result in results if result.error]:
        raise ConfigError([_failure(policies, result) for result in failed])
    found = [
        (result, message, _denial(policies, result, message, plan, stack))
        for result in results
        for message in _messages(result)
    ]
    warnings = [_warned(denial) for result, message, denial in found if _only_warns(result, message)]
    denials = [denial for result, message, denial in found if not _only_warns(result, message)]
    return replace(
        plan, warnings=(*plan.warnings, *dict.fromkeys(warnings)), denials=(*plan.denials, *dict.fromkeys(denials))
    )


def policy_input(plan: Plan) -> dict[str, Any]:
    """Return what a policy sees: the JSON of the plan, without what it says twice."""
    document = {key: value for key, value in plan_to_json(plan).items() if key not in _LEFT_OUT}
    ours = {key: value for key, value in document["hmsplan"].items() if key not in _OURS}
    return document | {"hmsplan": ours}


def run_tests(policies: Policies, *, time_s: float = TIME_S) -> tuple[Result, ...]:
    """Return the result of every test, by file and line.

    Raises:
        ConfigError: a policy or a test cannot be evaluated.
        NoRego: the extra is not installed.
    """
    if not any(map(is_test, policies.files)):
        return ()
    return evaluate(policies, tests=True, time_s=time_s)


def _messages(result: Result) -> Iterator[Message]:
    yield from result.messages
    if result.more:
        yield Message(f"and {count(result.more, 'more message')} of this policy", severity=result.messages[0].severity)


def _only_warns(result: Result, message: Message) -> bool:
    """Say whether a result does not stop the plan; a severity that is not known does."""
    return message.severity == "warning" or (not message.severity and result.rule.partition("_")[0] == _WARN)


def _denial(policies: Policies, result: Result, message: Message, plan: Plan, stack: Stack) -> Denial:
    text = " ".join(message.msg.split()) or "denied without a message"
    address = _address(message.address)
    if message.address and address is None:
        text = f"{text} ({' '.join(message.address.split())})"
    head, _, rest = text.partition(": ")
    if address is None and rest and _is_known(about := _address(head), plan):
        address, text = about, rest
    policy = result.rule.partition("_")[2] or PurePosixPath(result.file).stem
    return Denial(policy, policies.place(result.file, result.line), text, address, _line(address, stack))


def _address(text: str) -> Address | None:
    try:
        return Address.parse(text)
    except ValueError:
        return None


def _is_known(address: Address | None, plan: Plan) -> bool:
    return any(change.address == address for change in plan.changes)


def _line(address: Address | None, stack: Stack) -> SourceLine | None:
    resource = stack.resources.get(address) if address is not None else None
    return resource.source if resource is not None else None


def _warned(told: Denial) -> Diagnostic:
    detail = f"{told.message}\nWarned by policy {told.policy} ({told.rule})"
    return Diagnostic("Warned by a policy", detail, told.source, told.address, severity=Severity.WARNING)


def _failure(policies: Policies, result: Result) -> Diagnostic:
    where = policies.source(result.file, result.line)
    named = "" if where is not None else f"{policies.place(result.file, result.line)}: "
    return Diagnostic("Policy not evaluated", f"{named}{result.rule}: {result.error}", where)
