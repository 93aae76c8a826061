"""Findings as annotations, SARIF and JUnit: the worst first, on the right line, whatever stands in them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_texts import HOSTILE
from support.pages import MAIN, RECALL, SUPPORT, drifts, full, plan

from hmsplan.model import (
    Action,
    Address,
    Diagnostic,
    FieldChange,
    MembersChange,
    PendingCreate,
    ResourceChange,
    Severity,
    SourceLine,
    Unsettled,
)
from hmsplan.output.codequality import codequality
from hmsplan.output.findings import Finding, Level, of_diagnostics, of_drift, of_plan
from hmsplan.output.github import as_annotations
from hmsplan.output.junit import junit
from hmsplan.output.sarif import sarif

if TYPE_CHECKING:
    from hmsplan.model import FieldPath

TEXTS: Final = st.one_of(st.sampled_from(HOSTILE), st.text())
SARIF: Final = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {"type": "object", "required": ["id"]},
                                    }
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                },
            },
        },
    },
    "$defs": {
        "result": {
            "type": "object",
            "required": ["message", "ruleId", "locations"],
            "properties": {
                "level": {"enum": ["none", "note", "warning", "error"]},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "message": {"type": "object", "required": ["text"], "properties": {"text": {"minLength": 1}}},
                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                "locations": {
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["physicalLocation"],
                        "properties": {
                            "physicalLocation": {
                                "type": "object",
                                "required": ["artifactLocation", "region"],
                                "properties": {
                                    "artifactLocation": {
                                        "type": "object",
                                        "required": ["uri"],
                                        "properties": {"uri": {"type": "string", "pattern": r"^[\w.~/%-]+$"}},
                                    },
                                    "region": {
                                        "type": "object",
                                        "required": ["startLine"],
                                        "properties": {"startLine": {"type": "integer", "minimum": 1}},
                                    },
                                },
                            }
                        },
                    },
                },
            },
        }
    },
}
"""What GitHub's code scanning asks of SARIF 2.1.0, in words of our own."""


PLACE: Final = SourceLine("a.yaml", 7, 1)


def locate(address: Address, path: FieldPath, line: int) -> SourceLine | None:
    if line:
        return SourceLine("text.md", line)
    return SourceLine(f"{address.kind}.yaml", 10 + len(path), 5) if address in {SUPPORT, MAIN} else None


def problem(text: str, number: int = 1, severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic("Unknown reference", text, SourceLine("a/b c.yaml", number, 3), SUPPORT, ("name",), severity)


def test_an_annotation_stands_on_the_line_that_causes_it() -> None:
    """The file is named from the root of the repository."""
    (line,) = as_annotations(of_diagnostics([problem("what: is, 100% wrong\nnext")]), "stacks/a,b").splitlines()
    assert line == (
        "::error file=stacks/a%2Cb/a/b c.yaml,line=1,col=3,title=hmsplan%3A Unknown reference"
        "::what: is, 100%25 wrong%0Anext"
    )


def test_at_most_ten_are_written_and_the_worst_first() -> None:
    """GitHub drops the eleventh without a word; the tenth says how many there are."""
    mild = [problem(f"mild {n}", n, Severity.WARNING) for n in range(1, 30)]
    lines = as_annotations(of_diagnostics([*mild, problem("bad", 99)])).splitlines()
    assert len(lines) == 10
    assert "bad" in lines[0]
    assert lines[0].startswith("::error ")
    assert lines[-1] == "::warning title=hmsplan::and 21 more, which the log names"


def test_a_plan_marks_what_is_refused_then_what_goes_away_then_what_changes() -> None:
    """A change is at the line of its first field, a refusal at its resource."""
    found = of_plan(full(), locate)
    assert [finding.level for finding in found] == sorted(finding.level for finding in found)
    assert [f.rule for f in found[:3]] == ["Refused", "Refused", "Not settled"]
    levels = {(finding.rule, finding.about): finding.level for finding in found}
    assert levels["Planned destroy", "numbers.main"] is Level.WARNING
    assert levels["Planned create", "campaigns.recall"] is Level.WARNING  # it begins to call people
    assert levels["Planned update", "assistants.support"] is Level.NOTE
    assert [f.rule for f in found[3:6]] == ["Planned replace", "Planned destroy", "Planned create"]
    places = {finding.about: finding.source for finding in found if finding.rule.startswith("Planned")}
    assert places["assistants.support"] == SourceLine("text.md", 1)
    assert "--allow delete:numbers.main" in found[0].text


def test_a_mark_says_what_happens_in_the_words_of_the_plan() -> None:
    """Whom a campaign calls, how many leads come and go, that a name moves, and each answer to a doubt."""
    members = MembersChange(({"phone_number": "+31612340001"},), (), 7)
    starts = ResourceChange(RECALL, Action.UPDATE, "f1", members=members, started=True)
    moves = ResourceChange(SUPPORT, Action.NO_OP, "a1", moved_from=Address("assistants", "help"))
    doubts = Unsettled(MAIN, ("b1",), 0.0, PendingCreate("s", MAIN, "numbers", (), {}, frozenset(), 0.0))
    found = {finding.rule: finding.text for finding in of_plan(plan(starts, moves, unsettled=(doubts,)), locate)}
    assert "this campaign begins to call 7 people, daily between" in found["Planned update"]
    assert "leads: 1 to add; then 7 still to be called" in found["Planned update"]
    assert "assistants.help has moved to assistants.support" in found["Planned move"]
    commands = ["hmsplan resolve numbers.main --adopt b1", "hmsplan resolve numbers.main --none"]
    assert found["Not settled"].splitlines()[1:] == commands


def test_what_one_line_causes_is_one_annotation() -> None:
    """A template's field that many use takes one place of ten; what does not fit is counted."""
    same = [Finding(Level.NOTE, "Planned update", f"assistants.a{n} will be updated", PLACE) for n in range(500)]
    other = Finding(Level.WARNING, "Planned destroy", "numbers.main will be destroyed", PLACE)
    worse, line = as_annotations([other, *same]).splitlines()
    assert worse.startswith("::warning file=a.yaml,line=7")
    assert "::assistants.a0 will be updated%0A%0Aassistants.a1 will be updated%0A%0A" in line
    assert line.endswith(f"and {500 - line.count('will be')} more, which the log names")
    assert len(line) < 5000


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("a\nb\nc\n", "a\nb\nd\n", SourceLine("text.md", 3)),
        ("a\nb\nc\n", "a\nb\n", SourceLine("text.md", 2)),
        (None, "a\nb\n", SourceLine("text.md", 1)),
        ("", "", SourceLine("text.md", 1)),
        ("a", None, SourceLine("assistants.yaml", 11, 5)),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, SourceLine("assistants.yaml", 13, 5)),
        ({"a": {"b": 1}}, {"a": {}}, SourceLine("assistants.yaml", 12, 5)),
        ({"a": ["b", "c"]}, {"a": ["b", "d"]}, SourceLine("text.md", 1)),
    ],
)
def test_a_change_is_marked_on_the_first_line_that_differs(before: Any, after: Any, place: SourceLine) -> None:
    """GitHub shows a mark inline only on a line of the pull request: the prompt's, not the one that names its file."""
    change = ResourceChange(SUPPORT, Action.UPDATE, "a", fields=(FieldChange(("name",), before, after),))
    (found,) = of_plan(plan(change), locate)
    assert found.source == place


def test_drift_is_marked_where_it_is_declared() -> None:
    found = of_drift(drifts("Balie"), locate)
    assert [(f.rule_id, f.level) for f in found] == [
        ("drift-gone", Level.ERROR),
        ("drift-changed", Level.WARNING),
        ("drift-unmanaged", Level.NOTE),
    ]
    assert found[1].source == SourceLine("assistants.yaml", 11, 5)


@settings(max_examples=30, deadline=None)
@given(TEXTS)
def test_no_text_becomes_a_command_or_breaks_a_document(text: str) -> None:
    """Names, prompts, files and messages may hold anything."""
    found = [
        *of_plan(full(text), lambda address, *_: SourceLine(text or "f", 1) if address == SUPPORT else None),
        *of_drift(drifts(text), locate),
        *of_diagnostics([problem(text)]),
    ]
    lines = as_annotations(found, text).splitlines()
    assert len(lines) == 10
    for line in lines:
        assert re.match(r"::(error|warning|notice) (file=[^,:]*,line=\d+,col=\d+,)?title=hmsplan[^,:]*::", line)
        assert line.count("::add-mask") == 0 or not line.startswith("::add-mask")
    log = json.loads(sarif(found, folder=text))
    assert errors(log) == []
    suite = ET.fromstring(junit(found, [text], suite="hmsplan drift", folder=text).encode())
    assert len(suite.findall("testsuite/testcase")) == len(found) + 1


def errors(log: Any) -> list[str]:
    return [error.message for error in jsonschema_rs.validator_for(SARIF).iter_errors(log)]


def test_the_schema_of_the_test_can_refuse() -> None:
    log = json.loads(sarif(of_diagnostics([problem("x")])))
    assert errors(log) == []
    log["runs"][0]["results"][0]["level"] = "fatal"
    del log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert len(errors(log)) == 2


def test_a_moved_line_is_the_same_result_and_two_alike_are_two() -> None:
    """Else code scanning would close and open alerts with every edit above them."""

    def marks(*lines: int) -> list[str]:
        log = json.loads(sarif(of_diagnostics([problem("x", line) for line in lines]), folder="stack"))
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in log["runs"][0]["results"]]

    assert marks(1, 2) == marks(7, 8)
    assert len(set(marks(1, 2))) == 2


def test_sarif_names_each_rule_once_and_the_path_as_a_url() -> None:
    log = json.loads(sarif(of_diagnostics([problem("x"), problem("y", 2)]), folder="my stack", tool_version="1.2"))
    driver = log["runs"][0]["tool"]["driver"]
    assert driver["version"] == "1.2"
    assert driver["rules"] == [{"id": "unknown-reference", "shortDescription": {"text": "Unknown reference"}}]
    place = log["runs"][0]["results"][1]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "my%20stack/a/b%20c.yaml"
    assert place["physicalLocation"]["region"] == {"startLine": 2, "startColumn": 3}
    assert place["logicalLocations"] == [{"fullyQualifiedName": "assistants.support name"}]


def test_what_has_no_line_is_at_the_stack_file() -> None:
    """GitHub takes no result without a place."""
    log = json.loads(sarif([Finding(Level.ERROR, "Odd", "")], folder="s"))
    assert errors(log) == []
    (result,) = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "s/hmsplan.yaml"


@given(TEXTS)
@settings(max_examples=50)
def test_code_quality_holds_whatever_a_finding_says(text: str) -> None:
    """GitLab drops a report without one of these, and takes findings of one fingerprint for one."""
    found = [*of_diagnostics([problem(text), problem(text, 2)]), Finding(Level.NOTE, "Odd", text)]
    issues = json.loads(codequality(found, folder="my stack"))
    assert [issue["severity"] for issue in issues] == ["critical", "critical", "info"]
    assert [issue["location"]["lines"]["begin"] for issue in issues] == [1, 2, 1]
    assert {issue["location"]["path"] for issue in issues} == {"my stack/a/b c.yaml", "my stack/hmsplan.yaml"}
    assert len({issue["fingerprint"] for issue in issues}) == 3
    assert all(issue["description"] and issue["check_name"] for issue in issues)


@pytest.mark.parametrize(("severity", "failures"), [(Severity.ERROR, "1"), (Severity.WARNING, "1")])
def test_junit_counts_what_it_holds(severity: Severity, failures: str) -> None:
    """Every CI adds these up."""
    root = ET.fromstring(junit(of_diagnostics([problem("x", 4, severity)]), ["numbers.main"], suite="s").encode())
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("2", failures)
    case, well = suite.findall("testcase")
    assert (case.get("file"), case.get("line")) == ("a/b c.yaml", "4")
    assert "a/b c.yaml:4:3" in (case.findtext("failure") or "")
    assert (well.get("name"), len(well)) == ("numbers.main", 0)


def test_a_note_is_no_failure() -> None:
    root = ET.fromstring(junit([Finding(Level.NOTE, "Drift unmanaged", "x")], [], suite="s").encode())
    assert root.get("failures") == "0"
    assert root.findtext("testsuite/testcase/system-out") == "x"
