"""SARIF by the schema of the standard, JUnit by a reader of CI systems: of every rule, of none, and of hostile text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import pytest
from support.hostile_texts import HOSTILE
from support.pages import drifts, full

from hmsplan.config.load import load_stack
from hmsplan.errors import ConfigError
from hmsplan.model import Address, Diagnostic, Severity, SourceLine
from hmsplan.output.findings import Finding, Level, of_diagnostics, of_drift, of_plan
from hmsplan.output.junit import junit
from hmsplan.output.sarif import sarif

from .outside import NPM, REPOSITORY, ask_python, needs

if TYPE_CHECKING:
    from pathlib import Path

BROKEN: Final = sorted(path for path in (REPOSITORY / "tests" / "broken").iterdir() if path.is_dir())
SCHEMA: Final = NPM / "@microsoft" / "jest-sarif" / "lib" / "schemas" / "sarif-2.1.0-rtm.5.json"


def of_broken(folder: Path) -> list[Finding]:
    """Return what ``validate`` finds in one of tests/broken."""
    file = folder / "call.json"
    call = json.loads(file.read_text("utf-8")) if file.exists() else {}
    with pytest.raises(ConfigError) as caught:
        load_stack(folder, **call)
    return of_diagnostics(caught.value.diagnostics)


def of_hostile(text: str) -> list[Finding]:
    """Return findings with *text* at every place that is foreign, each rule of a plan and of drift among them."""
    source = SourceLine(text, 3, 7)
    told = Diagnostic("Odd", text, source, Address("assistants", "a"), ("llm_config", text), severity=Severity.WARNING)
    return [
        *of_plan(full(text), lambda *_: source),
        *of_drift(drifts(text), lambda *_: source),
        *of_diagnostics([told]),
    ]


def everything() -> dict[str, list[Finding]]:
    """Return findings by what they are of; no finding at all is one of the cases."""
    broken = {folder.name: of_broken(folder) for folder in BROKEN}
    hostile = {f"hostile {number}": of_hostile(text) for number, text in enumerate(HOSTILE)}
    return {"nothing": [], **broken, **hostile}


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Validator:
    """Return the schema without the pattern of a key we do not write, which is no regular expression in ECMAScript."""
    definitions = json.loads(SCHEMA.read_text("utf-8"))
    for name in ("run", "toolComponent"):
        del definitions["definitions"][name]["properties"]["language"]["pattern"]
    return jsonschema_rs.validator_for(definitions, validate_formats=True)


def problems(schema: jsonschema_rs.Validator, document: Any) -> list[str]:
    return [f"{error.instance_path}: {error.message}" for error in schema.iter_errors(document)]


@needs("npm")
@pytest.mark.parametrize("folder", ["", "stacks/a b"])
def test_sarif_fits_the_schema_of_the_standard(schema: jsonschema_rs.Validator, folder: str) -> None:
    """Whatever was found, and wherever the stack lies."""
    rules: set[str] = set()
    for name, findings in everything().items():
        document = json.loads(sarif(findings, folder=folder, tool_version="1.0"))
        assert problems(schema, document) == [], name
        assert len(document["runs"][0]["results"]) == len(findings)
        rules |= {rule["id"] for rule in document["runs"][0]["tool"]["driver"]["rules"]}
    assert {"drift-gone", "drift-changed", "drift-unmanaged", "refused", "unknown-reference"} <= rules


@needs("npm")
def test_the_schema_of_sarif_can_refuse(schema: jsonschema_rs.Validator) -> None:
    """A level and a line that the standard does not know, and a key that is missing."""
    document = json.loads(sarif(of_hostile("x")))
    result = document["runs"][0]["results"][0]
    result["level"] = "fatal"
    del result["message"]
    result["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert len(problems(schema, document)) == 3


@needs("readers")
def test_junit_is_read_as_it_was_meant() -> None:
    """Each finding is a case with its name, failed or passed by its level, and the sums are right."""
    found = everything()
    texts = [junit(findings, ["numbers.main"], suite="hmsplan validate") for findings in found.values()]
    for (name, findings), read in zip(found.items(), ask_python("readers", "junit.py", texts), strict=True):
        failed = [finding.level is not Level.NOTE for finding in findings]
        assert read["failed"] == [*failed, False], name
        assert (read["tests"], read["failures"]) == (len(findings) + 1, sum(failed)), name
        assert read["counted"] == [read["tests"], read["failures"]], name
