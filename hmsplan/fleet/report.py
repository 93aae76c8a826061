"""What a fleet has to say, in the order in which a reviewer asks, before a surface draws it. Pure.

Members are sorted by name, and nothing of it is a time or a machine: the same results give the same report, whatever
performed them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from hmsplan.errors import ConfigError, StalePlan, StateLocked, Unauthorized, UnsafePlan, UnsettledCreate
from hmsplan.fleet.groups import fleet_digest
from hmsplan.fleet.task import Checked, Drifted, Ended, Exported, Planned, Standing
from hmsplan.formats.plan_file import plan_from_bytes
from hmsplan.model import Severity
from hmsplan.output.blast_radius import counted, without_people
from hmsplan.output.events import diagnostic_json
from hmsplan.output.plan_page import page_of
from hmsplan.output.words import some
from hmsplan.secrets.answers import variable_of
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hmsplan.fleet.task import Result
    from hmsplan.model import Diagnostic
    from hmsplan.output.commands import CommandLine
    from hmsplan.output.page import Page

FORMAT_VERSION: Final = "1.0"
MOST_NAMES: Final = 60
"""Members that a text names; of more there is the number."""
_CHANGES: Final = 2
_PARTIAL: Final = 6
_MOST_TOLD: Final = 3
_PLACE: Final = re.compile(r"(?<=\.csv|yaml)(?::\d+){1,2}")
WORST_FIRST: Final = (
    143,
    130,
    UnsettledCreate.exit_code,
    _PARTIAL,
    1,
    Unauthorized.exit_code,
    StalePlan.exit_code,
    StateLocked.exit_code,
    UnsafePlan.exit_code,
    ConfigError.exit_code,
    _CHANGES,
    0,
)
"""Which exit code a fleet has when its members have several: what a person has to look at first."""


def worst(codes: Iterable[int]) -> int:
    """Return the worst of the exit codes of the members; one that is not in the table is an error like any other."""
    ranks = [WORST_FIRST.index(code if code in WORST_FIRST else 1) for code in codes]
    return WORST_FIRST[min(ranks)] if ranks else 0


@dataclass(frozen=True, slots=True)
class Group:
    """Members that change alike.

    Attributes:
        results: of its members, sorted by name; the first one stands for all when it is shown.
    """

    results: tuple[Result, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The members."""
        return tuple(result.name for result in self.results)

    @property
    def planned(self) -> Planned:
        """The plan of the first member."""
        return planned_of(self.results[0])

    @property
    def note(self) -> str:
        """Say whose plan is shown, and whether others have other values; "" when it is the only one."""
        if len(self.results) == 1:
            return ""
        differ = len({planned_of(result).exact for result in self.results}) > 1
        return f"Shown for {self.names[0]}; values of variables differ." if differ else f"Shown for {self.names[0]}."

    @property
    def reach(self) -> str:
        """Count the numbers and campaigns that all of them reach; "" for none, and where one stands for itself."""
        if len(self.results) == 1:
            return ""
        met = counted([each for result in self.results for each in planned_of(result).met])
        return f"Together they reach {met}." if met else ""

    @property
    def head(self) -> str:
        """Say how many they are, and that they change alike."""
        if len(self.results) == 1:
            return self.names[0]
        return f"{len(self.results):,} members, the same change"


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """The plans of all members that were asked for.

    Attributes:
        groups: members that change, the largest group first.
        unchanged: members that are as their stack declares.
        failed: results of those that could not be planned.
        digest: of all plans; "" when one could not be made.
        allowed: the risks that ``--allow`` names, for every member.
    """

    results: tuple[Result, ...]
    groups: tuple[Group, ...]
    unchanged: tuple[str, ...]
    failed: tuple[Result, ...]
    digest: str
    allowed: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The worst code of all."""
        return worst(result.code for result in self.results)

    @property
    def changing(self) -> int:
        """How many members change."""
        return sum(len(group.results) for group in self.groups)

    @property
    def learning(self) -> tuple[Result, ...]:
        """The results of those that change nothing, and whose state an apply brings up to date."""
        as_declared = set(self.unchanged)
        return tuple(each for each in self.results if each.name in as_declared and planned_of(each).learning)

    @property
    def refused(self) -> tuple[Result, ...]:
        """The results of those that may not be applied as they are."""
        return tuple(each for each in self.results if each.value is not None and planned_of(each).refusals)

    @property
    def verdict(self) -> str:
        """Return the sentence that says how alike they are."""
        if not self.changing:
            if len(self.failed) == len(self.results):
                return "No member could be planned."
            what = "No changes." if not self.failed else "No changes in the others."
            return what if not self.unchanged else f"{what} {count(len(self.unchanged), 'member')} as declared."
        largest = len(self.groups[0].results)
        alike = f": {largest:,} the same change" if largest > 1 else ": no two alike" if self.changing > 1 else ""
        others = self.changing - largest if largest > 1 else 0
        return f"{count(self.changing, 'member')} of {len(self.results):,} would change{alike}" + (
            f", {others:,} different." if others else "."
        )

    @property
    def first(self) -> tuple[str, ...]:
        """Those that have no state yet, each with the organization of its key: a wrong key would be believed."""
        return tuple(
            f"{result.name} ({result.organization or 'organization not told'})"
            for result in self.results
            if result.value is not None and planned_of(result).is_first
        )

    @property
    def undigested(self) -> str:
        """Say why there is no digest; "" when there is one."""
        return "" if self.digest else f"No digest: {count(len(self.failed), 'member')} could not be planned."

    @property
    def counts(self) -> str:
        """Return the last line."""
        if len(self.failed) == len(self.results):
            return f"Fleet: nothing planned in {count(len(self.results), 'member')}."
        sums: dict[str, int] = {}
        for result in self.results:
            for verb, number in planned_of(result).counts.items() if result.value is not None else ():
                sums[verb] = sums.get(verb, 0) + number
        always = [f"{sums.get(verb, 0)} to {verb}" for verb in ("add", "change", "destroy", "adopt")]
        seldom = [f"{sums[verb]} to {verb}" for verb in ("forget", "move", "release") if sums.get(verb)]
        return f"Fleet: {', '.join(always + seldom)} in {count(self.changing, 'member')}."


def learning_text(plan: FleetPlan) -> str:
    """Say of which members an apply only brings the state up to date, and of which objects; "" for none."""
    if not plan.learning:
        return ""
    objects = sorted({address for result in plan.learning for address in planned_of(result).learning})
    whose = some([result.name for result in plan.learning], MOST_NAMES)
    return f"The next apply only brings hmsplan's state up to date: {some(objects)} of {whose}."


def planned_of(result: Result) -> Planned:
    """Return the plan of a member that has one."""
    assert isinstance(result.value, Planned)  # noqa: S101 -- asked only of those
    return result.value


def plan_report(results: Sequence[Result], allowed: tuple[str, ...] = ()) -> FleetPlan:
    """Group *results*, which are those of plans, by what they change."""
    results = tuple(sorted(results, key=lambda result: result.name))
    made = [result for result in results if result.value is not None]
    found: dict[tuple[object, ...], list[Result]] = {}
    for result in made:
        planned = planned_of(result)
        if planned.content or planned.refusals or planned.unsettled:
            key = (planned.content, len(planned.refusals), planned.unsettled)
            found.setdefault(key, []).append(result)
    groups = sorted(
        (Group(tuple(each)) for each in found.values()), key=lambda group: (-len(group.results), group.names)
    )
    changing = {name for group in groups for name in group.names}
    failed = tuple(result for result in results if result.value is None)
    return FleetPlan(
        results,
        tuple(groups),
        tuple(result.name for result in made if result.name not in changing),
        failed,
        "" if failed else fleet_digest(results),
        allowed,
    )


def page_for(group: Group, width: int, fleet: CommandLine) -> Page:
    """Return what the plan of a group says; what allows it is typed for the whole fleet, the rest for its first member.

    Warnings are told once for the fleet, and whom many members reach is counted.
    """
    result = group.results[0]
    plan = plan_from_bytes(group.planned.file)
    if len(group.results) > 1:
        plan = replace(plan, changes=tuple(map(without_people, plan.changes)))
    page = page_of(plan, width, commands=result.commands)
    asked = page_of(plan, width, commands=fleet)
    return replace(page, refused=asked.refused, apply=asked.apply, block=(), warnings=())


def shared_problems(
    results: Iterable[Result], *, all_of_them: bool = False
) -> list[tuple[Diagnostic, tuple[str, ...]]]:
    """Return each problem once with the members that have it: a mistake in the shared stack is one mistake.

    What is merely worth knowing is among them only with *all_of_them*.
    """
    found: dict[Diagnostic, list[str]] = {}
    for result in results:
        for each in result.problems:
            if all_of_them or each.severity is not Severity.INFO:
                found.setdefault(each, []).append(result.name)
    return [(problem, tuple(names)) for problem, names in found.items()]


def alike_problems(results: Sequence[Result], *, all_of_them: bool = False) -> list[tuple[Diagnostic, tuple[str, ...]]]:
    """Return the same with those made one that differ only in what is a member's own: its name, its line, its key.

    The first few are told whole, the others are counted.
    """
    members = {result.name: result for result in results}
    found: dict[tuple[Diagnostic, int], list[tuple[Diagnostic, tuple[str, ...]]]] = {}
    seen: Counter[tuple[Diagnostic, str]] = Counter()
    for problem, names in shared_problems(results, all_of_them=all_of_them):
        shape = _without_own(problem, members[names[0]])
        times = max(seen[shape, name] for name in names)  # two of one member stand at different places
        seen.update((shape, name) for name in names)
        found.setdefault((shape, times), []).append((problem, names))
    return [
        (_made_one([problem for problem, _ in each]), tuple(sorted({name for _, names in each for name in names})))
        for each in found.values()
    ]


def _without_own(problem: Diagnostic, result: Result) -> Diagnostic:
    """Return *problem* with a word in place of what is the member's own, and without its line."""
    own = [result.name, *result.own, *map(variable_of, result.own)]
    words = "|".join(re.escape(word) for word in sorted(filter(None, own), key=lambda word: -len(word)))
    detail = re.sub(rf"(?<![\w-])(?:{words})(?![\w-])", "…", problem.detail)
    source = problem.source and replace(problem.source, line=1, column=1)
    return replace(problem, detail=_PLACE.sub("…", detail), source=source)


def _made_one(problems: Sequence[Diagnostic]) -> Diagnostic:
    """Return one problem that tells the first few of *problems*, and counts the others."""
    details = list(dict.fromkeys(problem.detail for problem in problems))
    places = list(dict.fromkeys(str(problem.source) for problem in problems if problem.source))
    told = details[:_MOST_TOLD]
    if len(details) > _MOST_TOLD:
        told.append(f"And {len(details) - _MOST_TOLD:,} more like these.")
    if len(places) > 1:
        told.append(f"Also at {some(places[1:], _MOST_TOLD)}.")
    return replace(problems[0], detail="\n".join(told))


def results_json(results: Sequence[Result]) -> dict[str, Any]:
    """Return what was found of each member, for machines."""
    return {
        "format_version": FORMAT_VERSION,
        "exit_code": worst(result.code for result in results),
        "members": [
            {
                "name": result.name,
                "exit_code": result.code,
                "organization": result.organization,
                **_value_json(result.value),
                "problems": [diagnostic_json(each) for each in result.problems],
            }
            for result in results
        ],
    }


def _value_json(value: object) -> dict[str, Any]:
    match value:
        case Drifted():
            return {"drift": orjson.loads(value.report)}
        case Standing() | Checked() | Exported() | Ended():
            return {key: list(item) if isinstance(item, tuple) else item for key, item in asdict(value).items()}
        case _:
            return {}


def plan_json(plan: FleetPlan) -> dict[str, Any]:
    """Return the report for machines; the plans themselves are saved with ``-o``."""
    number = {name: index for index, group in enumerate(plan.groups, 1) for name in group.names}
    return {
        "format_version": FORMAT_VERSION,
        "digest": plan.digest or None,
        "summary": plan.verdict,
        "exit_code": plan.code,
        "allowed": list(plan.allowed),
        "groups": [{"number": index, "members": list(group.names)} for index, group in enumerate(plan.groups, 1)],
        "members": [_member_json(result, number.get(result.name)) for result in plan.results],
    }


def _member_json(result: Result, group: int | None) -> dict[str, Any]:
    planned = planned_of(result) if result.value is not None else None
    return {
        "name": result.name,
        "exit_code": result.code,
        "organization": result.organization,
        "digest": planned.digest if planned else None,
        "group": group,
        "counts": dict(planned.counts) if planned else None,
        "drifted": planned.drifted if planned else None,
        "state_only": list(planned.learning) if planned else [],
        "refusals": list(planned.refusals) if planned else [],
        "problems": [diagnostic_json(each) for each in result.problems],
    }
