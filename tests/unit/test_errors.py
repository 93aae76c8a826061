"""Exceptions carry data, build their text from it, and know the exit code of the frozen table."""

from __future__ import annotations

import pytest
from support.readings import LINE, at, doubt, open_create

from hmsplan import errors
from hmsplan.errors import (
    Ambiguous,
    ApiError,
    ApplyFailed,
    ConfigError,
    HmsplanError,
    NotFound,
    PlanError,
    RateLimited,
    StalePlan,
    StateError,
    StateLocked,
    Unauthorized,
    UnsafePlan,
    UnsettledCreate,
    WrongOrganization,
)
from hmsplan.model import Diagnostic, Refusal, Report, Risk, Unsettled

EXIT_CODES = {
    HmsplanError: 1,
    PlanError: 1,
    StateError: 1,
    ApiError: 1,
    NotFound: 1,
    RateLimited: 1,
    Ambiguous: 1,
    ConfigError: 3,
    UnsafePlan: 4,
    StalePlan: 5,
    StateLocked: 7,
    UnsettledCreate: 8,
    Unauthorized: 9,
    WrongOrganization: 9,
}


@pytest.mark.parametrize(("error", "code"), EXIT_CODES.items(), ids=lambda value: getattr(value, "__name__", None))
def test_exit_codes_are_those_of_the_frozen_table(error: type[HmsplanError], code: int) -> None:
    assert error.exit_code == code


def test_the_drawing_at_the_top_names_every_error() -> None:
    drawn = errors.__doc__ or ""
    named = [name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, HmsplanError)]
    assert [name for name in named if name not in drawn] == ["DiagnosticError"]


def test_an_error_is_its_summary_and_its_detail() -> None:
    assert str(HmsplanError()) == "Error"
    assert str(HmsplanError("no disk", summary="Not saved")) == "Not saved: no disk"
    assert HmsplanError.summary == "Error"


@pytest.mark.parametrize("kind", [ConfigError, PlanError])
def test_every_problem_is_told_at_once(kind: type[ConfigError | PlanError]) -> None:
    error = kind([Diagnostic("Unknown reference", "no a", LINE), Diagnostic("Missing field", "no b")])
    assert len(error.diagnostics) == 2
    assert str(error).endswith(": main.yaml:3:1 Unknown reference: no a; Missing field: no b")


def test_an_api_error_says_what_was_asked_and_what_was_answered() -> None:
    error = ApiError("bad model", method="PATCH", path="/assistants/1", status=400, details=["a", "b"], request_id="r")
    assert error.detail == "PATCH /assistants/1 answered 400: bad model\n  - a\n  - b"
    assert (error.status, error.details, error.request_id) == (400, ("a", "b"), "r")


def test_an_api_error_without_an_answer_claims_none() -> None:
    assert str(Ambiguous("timed out", method="POST", path="/numbers")) == "Unknown outcome: POST /numbers: timed out"


def test_a_rate_limit_may_not_say_how_long() -> None:
    assert RateLimited("slow down", method="GET", path="/numbers", status=429).retry_after_s is None


def test_an_unsafe_plan_prints_the_flag_of_each_refusal() -> None:
    error = UnsafePlan([Refusal(Risk.DELETE, at("numbers.main"), "deleting a number cannot be undone")])
    assert str(error).endswith("numbers.main: deleting a number cannot be undone (--allow delete:numbers.main)")


def test_an_unsettled_create_names_the_addresses() -> None:
    error = UnsettledCreate([doubt(open_create("assistants.a", "A")), Unsettled(at("numbers.b"), (), 9.0, id="b1")])
    assert str(error) == "A create cannot be settled: assistants.a, numbers.b"


def test_a_failed_apply_carries_its_report_and_the_code_of_how_far_it_got() -> None:
    report = Report(())
    error = ApplyFailed(report, 6)
    assert (error.report, error.code) == (report, 6)
