"""``environments/NAME.yaml`` and ``environments/NAME/``: what one environment says, and what it alone has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.writing import STACK, load, problems, summaries, write

from hmsplan.config.load import choose_environment
from hmsplan.errors import ConfigError
from hmsplan.model import Address, Severity

if TYPE_CHECKING:
    from pathlib import Path

FILES: dict[str, str | bytes] = {
    "hmsplan.yaml": STACK + "default_environment: staging\n",
    "a.yaml": "assistants:\n  support: {name: Support}\n",
    "environments/staging.yaml": "",
    "environments/production.yaml": "overrides:\n  numbers.main: {name: Main}\n",
    "environments/production/numbers.yaml": """
        numbers:
          main: {phone_number: "+31850835037", agent_id: "${assistants.support}"}
        moved: [{from: numbers.first, to: numbers.main}]
        """,
    "environments/production/deep/er/more.yml": "assistants:\n  night: {name: Night}\n",
    "environments/acceptance/a.yaml": "assistants:\n  night: {name: Acceptance}\n",
}


def declared(root: Path, environment: str | None, **changed: str | bytes) -> list[str]:
    return list(map(str, load(root, {**FILES, **changed}, environment=environment).resources))


def test_resources_below_the_folder_of_an_environment_exist_in_it_only(tmp_path: Path) -> None:
    assert declared(tmp_path, None) == ["assistants.support"]
    assert declared(tmp_path, "production") == ["assistants.night", "assistants.support", "numbers.main"]
    stack = load(tmp_path, FILES, environment="production")
    assert stack.resources[Address("numbers", "main")].spec["name"] == "Main"
    assert [str(move.target) for move in stack.moved] == ["numbers.main"]
    assert not stack.warnings


def test_a_folder_alone_is_an_environment(tmp_path: Path) -> None:
    stack = load(tmp_path, FILES, environment="acceptance")
    assert stack.environment == "acceptance"
    assert stack.resources[Address("assistants", "night")].spec["name"] == "Acceptance"


def test_files_of_other_environments_are_not_read(tmp_path: Path) -> None:
    """Whatever they hold; it is told when theirs is chosen."""
    files = {**FILES, "environments/production/broken.yaml": "assistants: ["}
    assert len(load(tmp_path, files).resources) == 1
    assert "Unclosed bracket" in summaries(tmp_path, files, environment="production")


def test_a_reference_to_what_another_environment_has_says_so(tmp_path: Path) -> None:
    """It is not a typo, and no other name is meant."""
    files = {**FILES, "b.yaml": "assistants:\n  b: {name: '${numbers.main.phone_number}'}\n"}
    assert len(load(tmp_path, files, environment="production").resources) == 4
    files["environments/acceptance/odd.yaml"] = "numbers: main\nassistants: [a]\n"
    (problem,) = problems(tmp_path, files)
    assert problem.summary == "Unknown reference"
    assert "declared in environments/production/numbers.yaml, so not in staging" in problem.detail


def test_include_is_about_the_rest_of_the_stack(tmp_path: Path) -> None:
    """What lies in the folder of an environment is there for one reason."""
    head = STACK + 'include: ["a.yaml"]\n'
    assert "numbers.main" in declared(tmp_path, "production", **{"hmsplan.yaml": head})


def test_what_only_another_environment_uses_is_used(tmp_path: Path) -> None:
    """A variable or a base that the files of this one do not name is not told to be unused."""
    files: dict[str, str | bytes] = {
        **FILES,
        "hmsplan.yaml": STACK
        + "variables:\n  in_folder: {default: a}\n  in_file: {default: b}\n  idle: {default: c}\n"
        + "bases:\n  loud: {gdpr_mode: true}\n  quiet: {gdpr_mode: false}\n",
        "environments/production/c.yaml": "assistants:\n  c: {extends: [loud], name: '${var:in_folder}'}\n",
        "environments/production.yaml": "overrides:\n  numbers.main: {name: '${var:in_file}'}\n",
        "environments/production/d.yaml": "assistants: [",
    }
    told = load(tmp_path, files, environment="staging").warnings
    assert [(each.summary, each.severity) for each in told] == [
        ("Unused variable", Severity.WARNING),
        ("Unused base", Severity.WARNING),
    ]
    assert "idle" in told[0].detail
    assert "quiet" in told[1].detail


def test_a_stack_with_folders_needs_a_choice_too(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"environments/live/a.yaml": "assistants:\n  a: {name: A}\n"}
    assert summaries(tmp_path, files) == ["No environment chosen"]
    with pytest.raises(ConfigError, match="live"):
        choose_environment(tmp_path)
    write(tmp_path, {"hmsplan.yaml": STACK + "default_environment: live\n"})
    assert choose_environment(tmp_path) == "live"
    assert len(load(tmp_path, {"hmsplan.yaml": STACK + "default_environment: live\n"}).resources) == 1


def test_a_default_that_is_not_there_is_told_at_its_line(tmp_path: Path) -> None:
    """By commands that read the whole stack, and by those of the state alone."""
    files: dict[str, str | bytes] = {**FILES, "hmsplan.yaml": STACK + "default_environment: stagin\n"}
    (problem,) = problems(tmp_path, files)
    assert (problem.summary, str(problem.source)) == ("Unknown environment", "hmsplan.yaml:3:22")
    with pytest.raises(ConfigError) as caught:
        choose_environment(tmp_path)
    assert caught.value.diagnostics == (problem,)


def test_a_hidden_folder_is_no_environment(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.yaml": "assistants:\n  a: {name: A}\n", "environments/.old/b.yaml": "x: ["}
    assert load(tmp_path, files).environment == "default"


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """Nothing outside is read, and nothing is taken for gone."""
    outside = write(tmp_path / "outside", {"b.yaml": "assistants:\n  b: {name: B}\n"})
    root = write(tmp_path / "stack", FILES)
    (root / "environments" / "linked").symlink_to(outside)
    (problem,) = problems(root, {}, environment="linked")
    assert problem.summary == "Linked folder"


def test_a_folder_that_is_almost_named_like_a_file_is_told(tmp_path: Path) -> None:
    """What it declares is not in the environment that was meant."""
    files: dict[str, str | bytes] = {**FILES, "environments/prodution/a.yaml": ""}
    (warning,) = load(tmp_path, files, environment="production").warnings
    assert warning.summary == "Environment without a file"
    files["environments/prodution.yaml"] = ""
    assert not load(tmp_path, files, environment="production").warnings
