"""Findings as SARIF 2.1.0, which GitHub's code scanning and editors read. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from hmsplan.lint.rules import all_rules
from hmsplan.output.findings import Level, fingerprints, in_repository
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.output.findings import Finding

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
MOST: Final = 5000
"""GitHub shows no more of one upload."""
_LEVELS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}


def sarif(findings: Sequence[Finding], *, folder: str = "", tool_version: str = "") -> str:
    """Return one run with its results, on one line; *folder* leads from the repository to the stack."""
    shown = findings[:MOST]
    rules = list(dict.fromkeys(finding.rule_id for finding in shown))
    words = {finding.rule_id: finding.rule for finding in shown}
    run = {
        "tool": {
            "driver": {
                "name": "hmsplan",
                **({"version": tool_version} if tool_version else {}),
                "rules": [_rule(rule, words[rule]) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, folder, rules, mark)
            for finding, mark in zip(shown, fingerprints(shown, folder), strict=True)
        ],
    }
    return orjson.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}).decode()


def _rule(name: str, words: str) -> dict[str, Any]:
    """Return what a reader is told of a rule once: of lint, also why it is one."""
    known = all_rules().get(name)
    why = {"fullDescription": {"text": known.why}} if known is not None else {}
    return {"id": name, "shortDescription": {"text": words}, **why}


def _result(finding: Finding, folder: str, rules: list[str], mark: str) -> dict[str, Any]:
    file = plain(in_repository(finding.file, folder))
    lines = [plain(line) for line in finding.text.split("\n")]
    return {
        "ruleId": finding.rule_id,
        "ruleIndex": rules.index(finding.rule_id),
        "level": _LEVELS[finding.level],
        "message": {"text": "\n".join(lines) or finding.rule},
        "locations": [_location(finding, file)],
        "partialFingerprints": {"primaryLocationLineHash": mark},
    }


def _location(finding: Finding, file: str) -> dict[str, Any]:
    """Return where it is; what is nowhere is at the stack file, because GitHub wants a place."""
    source = finding.source
    region = {"startLine": source.line, "startColumn": source.column} if source is not None else {"startLine": 1}
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file), "uriBaseId": "%SRCROOT%"},
            "region": region,
        }
    }
    if finding.about:
        place["logicalLocations"] = [{"fullyQualifiedName": plain(finding.about)}]
    return place
