"""One member, from its files to a result: the only code of a fleet that has a key in hand.

A worker is a process, or a thread of a test. It builds a ``Workspace`` of the member's own (stack, state, lock, client,
pace), performs one operation, and returns what may leave. Whatever goes wrong is the member's result and no other's.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import platform
import posixpath
import re
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

import orjson

from hmsplan import __version__
from hmsplan.config.load import DEFAULT_ENVIRONMENT, load_stack
from hmsplan.config.member import MemberLayer
from hmsplan.errors import ConfigError, HmsplanError, StalePlan, Unauthorized, UnsafePlan, UnsettledCreate
from hmsplan.fleet.groups import contents, likeness
from hmsplan.fleet.report import worst
from hmsplan.fleet.task import Checked, Drifted, Ended, Exported, Operation, Planned, Result, Standing
from hmsplan.fleet.values import SECRET
from hmsplan.formats.blast_radius_json import met_by
from hmsplan.formats.plan_file import plan_to_bytes
from hmsplan.formats.plan_validity import dated
from hmsplan.model import Diagnostic, Severity, Status, has_severity, tally
from hmsplan.operations.checks import checked, has_policies, values_to_hide
from hmsplan.operations.drift import drift
from hmsplan.operations.given import inputs_of, secrets_of
from hmsplan.operations.history import latest
from hmsplan.operations.plan import plan
from hmsplan.operations.probe import probe_api
from hmsplan.operations.refresh import check_organization
from hmsplan.operations.reporter import Reporter
from hmsplan.operations.rescue import Rescue, rescue_file
from hmsplan.operations.workspace import Workspace, connect_with
from hmsplan.output.commands import MEMBERS, CommandLine, without_password
from hmsplan.output.diagnostics import diagnostics_of
from hmsplan.output.report import step_text, summary, totals
from hmsplan.secrets.detect import HIDDEN, hidden
from hmsplan.secrets.encodings import searched
from hmsplan.state.backend import (
    LOCAL_FOLDER,
    Backend,
    is_folder,
    new_state,
    open_backend,
    refuse_lent_password,
)
from hmsplan.text.timestamps import for_people
from hmsplan.text.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.apply.executor import Stop
    from hmsplan.fleet.files import SharedFiles
    from hmsplan.fleet.task import Common, Reviewed, Task
    from hmsplan.fleet.values import Member
    from hmsplan.model import Plan, Report, Stack, State
    from hmsplan.operations.apply import Applied, Consent
    from hmsplan.operations.workspace import Connect

_KEY: Final = re.compile(r"fl_[\x21-\x7e]+")
_LEAST: Final = 8  # characters of a secret that is cut out; shorter ones stand in other texts by chance


_running: Final[list[tuple[Stop, str]]] = []
"""The applies of this process, each with the run that it belongs to."""


def stop_all(number: int, run: str | None = None) -> None:
    """Let every apply of this process finish what is in flight, and start nothing more.

    Args:
        number: of the signal.
        run: only the applies of this one; None = all, for the signal is the process's.
    """
    for stop, of in tuple(_running):
        if run in {None, of}:
            stop.signal = number


@contextmanager
def _stoppable(stop: Stop, run: str) -> Iterator[None]:
    _running.append((stop, run))
    try:
        yield
    finally:
        _running[:] = [each for each in _running if each[0] is not stop]


class OtherMachine(HmsplanError):
    """What a member needs is on another machine."""

    summary = "Other machine"


class NoKey(HmsplanError):
    """A member's key cannot be had."""

    exit_code = Unauthorized.exit_code
    summary = "No API key"


async def perform(task: Task, files: SharedFiles) -> Result:
    """Perform one task; nothing but its result comes out of here."""
    run = _Run(task, files)
    try:
        if waits_for_api_alone(task, files):
            result = await run.result()
        else:
            result = await asyncio.to_thread(lambda: asyncio.run(run.result()))
    except HmsplanError as error:
        result = Result(task.member.name, error.exit_code, tuple(diagnostics_of(error)))
    except Exception as error:  # noqa: BLE001 -- a bug, or a full disk, is one member's trouble
        told = Diagnostic(*_unforeseen(error))
        result = Result(task.member.name, 1, (told,))
    try:
        return run.cleaned(result)
    except Exception as error:  # noqa: BLE001 -- what cannot be cleaned does not leave
        return Result(task.member.name, 1, (Diagnostic(*_unforeseen(error)),))


def waits_for_api_alone(task: Task, files: SharedFiles) -> bool:
    """Say whether nothing that is done could hang but the API: no database, no program, no long work."""
    common, root = task.common, task.common.root / task.member.stack
    if task.operation is not Operation.PLAN or has_policies(root, common.trust_from):
        return False
    return is_folder(_state_of(task, files)) and not any(source.is_program for source in common.sources)


def _state_of(task: Task, files: SharedFiles) -> str:
    stack = task.common.root / task.member.stack
    return member_state(task.common.state or files.settings(stack).state, task.member.name)


def _unforeseen(error: Exception) -> tuple[str, str]:
    """Say what happened, without the text of a bug: that may hold anything."""
    if isinstance(error, OSError):
        return "Refused by the system", f"{error.filename or ''}: {error.strerror or type(error).__name__}"
    *_, last = traceback.extract_tb(error.__traceback__)
    where = f"{Path(last.filename).name}:{last.lineno}, {last.name}"
    return f"hmsplan has a bug: {type(error).__name__}", f"It is in {where}. Please report it."


class _Told(Reporter):
    """Keeps what a person should know."""

    def __init__(self) -> None:
        self.warnings: list[Diagnostic] = []

    def warning(self, warning: Diagnostic) -> None:
        self.warnings.append(warning)


@dataclass
class _Run:
    """One task on its way."""

    task: Task
    files: SharedFiles

    def __post_init__(self) -> None:
        self.told = _Told()
        self.shy: list[str] = []
        self.key_mark = ""
        self.environment = self.task.member.environment or self.task.common.environment
        self.root: Path = self.task.common.root / self.task.member.stack

    async def result(self) -> Result:  # noqa: PLR0911 -- one an operation
        """Perform it."""
        match self.task.operation:
            case Operation.STATUS:
                return self._status()
            case Operation.DOCTOR:
                return await self._doctor()
            case Operation.PLAN:
                return await self._plan()
            case Operation.DRIFT:
                return await self._drift()
            case Operation.LINT:
                return self._lint()
            case Operation.EXPORT:
                return await self._export()
            case Operation.APPLY:
                return await self._apply()

    # --- what each operation does -------------------------------------------------------------------------

    async def _plan(self) -> Result:
        workspace = self._workspace()
        made = await plan(workspace, self.task.options, whose=True)
        if self.task.folder is not None:
            made = dated(made, time.time(), workspace.stack.safety.plan_ttl_s, __version__)
        warnings = (*self.told.warnings, *made.warnings)
        kept = {kept: name for name, kept in layer_of(self.task.member).secret_names.items()}
        value = planned(made, workspace.stack, kept, is_saved=self.task.folder is not None)
        return self._ended(_plan_code(made), warnings, value, made.organization)

    async def _drift(self) -> Result:
        from hmsplan.output.drift import drift_json, drift_line, drift_told  # noqa: PLC0415 -- a plan needs none of it

        workspace = self._workspace(need_secrets=False)
        report = await drift(workspace)
        document = drift_json(report.drifted, report.coverage, report.unseen, report.warnings)
        value = Drifted(
            orjson.dumps(document), drift_line(report.drifted), tuple(map(drift_told, report.drifted)), report.is_blind
        )
        return self._ended(0, (*self.told.warnings, *report.warnings), value)

    def _lint(self) -> Result:
        from hmsplan.operations.lint import lint_stack  # noqa: PLC0415 -- only for this operation

        stack = self._stack(need_secrets=False)
        linted = lint_stack(stack, self.root)
        code = ConfigError.exit_code if has_severity(linted, stack.lint.fail) else 0
        return self._ended(code, (*stack.warnings, *linted))

    def _status(self) -> Result:
        stack = self._stack(need_secrets=False)
        backend = self._backend()
        state = backend.load()
        lines = latest(backend, bool).lines
        holder = backend.holder()
        try:
            has_key = bool(self._key())
        except NoKey as error:
            has_key = False
            self.told.warnings += [replace(each, severity=Severity.WARNING) for each in diagnostics_of(error)]
        last = f"{for_people(lines[-1].head.at)} by {lines[-1].head.author.name}" if lines else ""
        bound, serial = (len(state.bindings), state.serial) if state is not None else (0, None)
        standing = Standing(len(stack.resources), bound, serial, last, str(holder or ""), has_key)
        return self._ended(0, self.told.warnings, standing, state.organization if state is not None else None)

    async def _doctor(self) -> Result:
        """Look for everything that the other operations need; one thing that is missing hides no other."""
        codes: list[int] = []

        @contextmanager
        def noted() -> Iterator[None]:
            try:
                yield
            except HmsplanError as error:
                codes.append(error.exit_code)
                self.told.warnings += diagnostics_of(error)

        stack = state = heard = None
        with noted():
            stack = self._stack(need_secrets=True)
        with noted():
            state = self._backend().load() or new_state()
        with noted():
            heard = await probe_api(self._connect())
        if heard is not None and stack is not None:
            with noted():
                check_organization(stack, state or new_state(), heard.organization)
        value = Checked(
            self.task.member.key if heard is not None else "",
            heard.name if heard is not None else "",
            _known(state),
            self.task.common.base_url if heard is not None else "",
            (heard.limit or "") if heard is not None else "",
        )
        organization = heard.organization if heard is not None else None
        return self._ended(worst(codes), self.told.warnings, value, organization)

    async def _export(self) -> Result:
        from hmsplan.operations.export import export, write_files  # noqa: PLC0415 -- only for this operation

        self._refuse_other_machine("The files are written to a folder", "Leave --executor out.")
        folder = self.task.folder
        assert folder is not None  # noqa: S101 -- the command always says one
        place = folder / self.task.member.name
        if place.exists() and any(place.iterdir()):
            detail = f"{place} has files already, and nothing is overwritten. Name another folder."
            raise HmsplanError(detail, summary="Folder is not empty")
        exported = await export(self._connect(), self.task.member.name, self.environment or DEFAULT_ENVIRONMENT)
        write_files(place, exported.files)
        value = Exported(str(place), exported.count, tuple(exported.left_out))
        return self._ended(0, (), value, exported.state.organization)

    async def _apply(self) -> Result:
        from hmsplan.operations.apply import Consent, exit_code  # noqa: PLC0415 -- a plan needs none of it

        workspace = self._workspace()
        reviewed = self.task.reviewed
        assert reviewed is not None  # noqa: S101 -- nothing is applied that was not reviewed
        consent = Consent(digest=reviewed.digest, author=self.task.author, whose=True)
        try:
            applied = await self._performed(workspace, consent)
        except StalePlan:
            left = replace(consent, digest=None, ask=lambda made, _: _refuse_other(made, reviewed))
            applied = await self._performed(workspace, left)
        problems = list(self.told.warnings)
        if applied.unstored is not None:
            problems += diagnostics_of(applied.unstored)
        code = exit_code(applied.report) or (1 if applied.unstored is not None else 0)
        return self._ended(code, problems, ended(applied.report, applied.plan), applied.plan.organization)

    async def _performed(self, workspace: Workspace, consent: Consent) -> Applied:
        from hmsplan.operations.apply import apply  # noqa: PLC0415 -- a plan needs none of it

        owner = f"fleet apply by {self.task.author.name}"
        stoppable = partial(_stoppable, run=self.task.common.run)
        return await apply(workspace, self.task.options, consent, owner=owner, interruptible=stoppable)

    def _ended(
        self,
        code: int,
        problems: Iterable[Diagnostic],
        value: Planned | Drifted | Ended | Standing | Checked | Exported | None = None,
        organization: str | None = None,
    ) -> Result:
        return Result(self.task.member.name, code, tuple(problems), organization=organization, value=value)

    # --- what a member works on ---------------------------------------------------------------------------

    def _workspace(self, *, need_secrets: bool = True) -> Workspace:
        stack = self._stack(need_secrets=need_secrets)
        rescue = Rescue(rescue_file(self.root, self.task.member.name, stack.environment), self._commands())
        return Workspace(
            stack,
            self._backend(),
            self._connect(),
            self.told,
            accept=rescue.refuse_unpushed,
            rescue=rescue.keep,
            check=lambda made, of: checked(made, of, self.root, self.task.common.trust_from),
        )

    def _stack(self, *, need_secrets: bool) -> Stack:
        member, common = self.task.member, self.task.common
        stack = load_stack(
            self.root,
            environment=self.environment,
            **inputs_of(common),
            need_secrets=need_secrets,
            member=layer_of(member),
            files=self.files.of(self.root, self.environment),
        )
        self.shy += values_to_hide(stack)
        if stack.environment != DEFAULT_ENVIRONMENT:
            self.environment = stack.environment
        return stack

    def _refuse_other_machine(self, what: str, instead: str) -> None:
        """Refuse to use a folder on a machine from which nothing gets back to the one that asks.

        Raises:
            OtherMachine: this is such a machine.
        """
        if self.task.common.machine and self.task.common.machine != machine():
            raise OtherMachine(f"{what} of this machine, and the Dask worker runs on another one. {instead}")

    def _backend(self) -> Backend:
        url = _state_of(self.task, self.files)
        if is_folder(url):
            self._refuse_other_machine(
                "The state is kept in a folder", "Keep it in PostgreSQL or a bucket: see docs/state.md."
            )
        if not self.task.common.state:
            refuse_lent_password(url, os.environ)
        return open_backend(url, self.root, self.environment or DEFAULT_ENVIRONMENT)

    def _connect(self) -> Connect:
        common = self.task.common
        return connect_with(
            self._key(),
            common.base_url,
            key_name=self.task.member.key,
            allow_host=common.allow_host,
            ca_bundle=common.ca_bundle,
            deadline_s=common.timeout_s,
        )

    def _key(self) -> str:
        """Read the key where the fleet says.

        Raises:
            NoKey: nothing is there, or what is there is not a key: it is not shown.
        """
        member = self.task.member
        key, where = key_of(member, self.task.common)
        if not key:
            raise NoKey(
                f"{where} is not set. It has to hold the key of {member.name} ({member.source}). Set it, and run again."
            )
        self.shy.append(key)
        if _KEY.fullmatch(key) is None:
            place = where.replace("The", "the", 1)
            detail = (
                f"What {place} holds is not an API key: those begin with fl_. It was not sent. Set {place} to the key "
                f"of {member.name}, or correct the name at {member.source}."
            )
            raise NoKey(detail, summary="Not an API key")
        if self.task.common.salt:
            self.key_mark = hmac.digest(self.task.common.salt, key.encode(), "sha256").hex()
        return key

    def _commands(self) -> CommandLine:
        return commands_of(self.task.member, self.task.common)

    # --- what may leave -----------------------------------------------------------------------------------

    def cleaned(self, result: Result) -> Result:
        """Return *result* with places as they are from the folder of the fleet, and without any secret of the member.

        Nothing of it should hold one in the first place: an answer of the API may tell a request back.
        """
        patterns: list[re.Pattern[str]] = []

        def clean(text: str) -> str:
            if not patterns:
                patterns[:] = [searched(value) for value in dict.fromkeys(self.shy) if len(value) >= _LEAST]
            text = hidden(text)
            for pattern in patterns:
                text = pattern.sub(HIDDEN, text)
            return text

        commands = self._commands()
        problems = tuple(
            replace(
                each,
                summary=clean(each.summary),
                detail=commands.complete(clean(each.detail)),
                source=each.source
                and replace(each.source, file=seen_from_fleet(self.task.member.stack, each.source.file)),
            )
            for each in result.problems
        )
        value = result.value
        if isinstance(value, Ended):
            value = replace(value, failed=tuple(map(clean, value.failed)))
        elif isinstance(value, Exported):
            value = replace(value, left_out=tuple(map(clean, value.left_out)))
        elif isinstance(value, Checked):
            value = replace(value, called=clean(value.called), endpoint=clean(value.endpoint), limit=clean(value.limit))
        elif isinstance(value, Drifted):
            value = replace(value, told=tuple(map(clean, value.told)))
        elif isinstance(value, Planned):
            value = replace(value, refusals=tuple(map(clean, value.refusals)))
        member = self.task.member
        own = (member.key.removeprefix(SECRET), *member.secrets, *(kept.value for kept in member.secrets.values()))
        return replace(result, problems=problems, commands=commands, value=value, key_mark=self.key_mark, own=own)


def key_of(member: Member, common: Common) -> tuple[str, str]:
    """Return a member's key, "" when there is none, and what messages call the place that holds it."""
    if not member.key.startswith(SECRET):
        return os.environ.get(member.key, "").strip(), member.key
    name = member.key.removeprefix(SECRET)
    secrets = secrets_of(common, [name])
    found = secrets.get(name).reveal()
    if found is None:
        raise NoKey(f"The key of {member.name} ({member.source}): {secrets.missing(name)[1]}")
    return found, f"The secret {name}"


def layer_of(member: Member) -> MemberLayer:
    """Return what lies over the stack for *member*."""
    return MemberLayer(
        member.variables,
        member.secrets,
        member.overrides,
        member.organization,
        called=member.name,
        source=member.source,
    )


def member_state(url: str, name: str) -> str:
    """Return where a member keeps its state, below the state of the stack: nothing of it lies beside another's."""
    if url in {"", "file"}:
        return f"{LOCAL_FOLDER}/{MEMBERS}/{name}"
    parts = urlsplit(url)
    if not parts.scheme:
        return f"{url.rstrip('/')}/{MEMBERS}/{name}"
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{MEMBERS}/{name}"))


def machine() -> str:
    """Name this machine, as no other one is named."""
    try:
        number = Path("/etc/machine-id").read_text("utf-8").strip()
    except OSError:
        number = ""
    return f"{platform.node()} {number}".strip()


def commands_of(member: Member, common: Common) -> CommandLine:
    """Return what belongs into a command for one member alone."""
    given = [
        ("-C", common.shown_root or None),
        ("--member", member.name),
        ("-e", common.environment),
        ("--state", without_password(common.state) if common.state is not None else None),
        *(("--secrets", str(source)) for source in common.sources),
        *(("--var", f"{name}={value}") for name, value in common.variables.items()),
        ("--allow-host", common.allow_host),
    ]
    return CommandLine(tuple(word for option, value in given if value is not None for word in (option, value)))


def seen_from_fleet(stack: str, file: str) -> str:
    """Return the path of a file of a stack as it is from the folder of the fleet."""
    return posixpath.normpath(posixpath.join(stack, file))


def planned(made: Plan, stack: Stack, secrets: Mapping[str, str], *, is_saved: bool) -> Planned:
    """Return what of a plan travels; what is neither saved nor shown needs no file. For *secrets* see ``likeness``."""
    pending = made.pending
    is_shown = pending or made.refusals or made.denials or made.unsettled
    return Planned(
        plan_to_bytes(made) if is_shown or is_saved else b"",
        f"sha256:{made.digest}",
        likeness(made, stack.variables, secrets),
        frozenset(contents(made)),
        tally(made),
        len(made.drift),
        (
            *(f"{denial.about}: {denial.told}" for denial in made.denials),
            *(f"{refusal.address}: {refusal.told}\n{refusal.flag}" for refusal in made.refusals),
        ),
        len(made.unsettled),
        likeness(made, {}),
        () if pending else tuple(sorted({str(step.address) for step in made.steps})),
        met_by(made),
        not made.serial,
    )


def _known(state: State | None) -> str:
    if state is None:
        return ""
    return f"serial {state.serial}" if state.serial else "no state"


def _plan_code(made: Plan) -> int:
    if not all(unsettled.is_waiting for unsettled in made.unsettled):
        return UnsettledCreate.exit_code
    return UnsafePlan.exit_code if made.is_refused else 0


def _refuse_other(made: Plan, reviewed: Reviewed) -> None:
    """Refuse a plan that does more than was left to do of the reviewed one.

    Raises:
        StalePlan: it does.
    """
    if made.organization != reviewed.organization:
        raise StalePlan("its key is that of another organization.", summary="Digest differs")
    if more := [name for content, name in contents(made).items() if content not in reviewed.changes]:
        raise StalePlan(f"it would do what was not reviewed ({listed(more)}).", summary="Digest differs")


def ended(report: Report, made: Plan) -> Ended:
    """Return what of a report travels."""
    bad = [each for each in report.outcomes if each.status in {Status.FAILED, Status.UNSETTLED}]
    return Ended(
        summary(report, made),
        {str(status): number for status in Status if (number := report.count(status))},
        totals(report, made),
        tuple(f"{step_text(each.step)}: {each.error}" for each in bad),
    )
