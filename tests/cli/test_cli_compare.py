"""``hmsplan compare``: how two environments are named, whose keys are used, what it prints and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hmsplan.emulator import Emulator, Settings, running

from .helpers import KEY, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .helpers import Cli, Result

FILES = {
    "hmsplan.yaml": "version: 1\nstack: small\nvariables: {who: {default: Acme}}\nsafety: {settle_grace: 0s}\n",
    "a.yaml": "assistants:\n  desk: {name: Desk, first_message: 'Hello from ${var:who}.'}\n  night: {name: Night}\n",
    "environments/staging.yaml": "variables: {who: Test}\n",
    "environments/production.yaml": "exclude: [assistants.night]\n",
}
SAID = """\
staging -> production: what is declared

  # assistants.desk differs
  ~ first_message = "Hello from Test." -> "Hello from Acme."
      # meant: ${var:who} in staging, environments/staging.yaml:1
      # meant: ${var:who} in production, hmsplan.yaml:3

  # assistants.night is in staging only
      # meant: excluded in production, environments/production.yaml:1

Compared: 2 objects, 0 alike; 2 meant, 0 accidental.
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    return write(tmp_path / "stack", FILES)


@pytest.mark.parametrize(
    "words",
    [
        ("compare", "-e", "staging", "-e", "production"),
        ("compare", "staging", "production"),
        ("compare", "--env", "staging", "production"),
        ("-e", "staging", "compare", "-e", "production"),
    ],
)
def test_two_environments_are_named_in_any_way(cli: Cli, stack: Path, words: tuple[str, ...]) -> None:
    """Without a key; an environment of a variable is not one of the two."""
    assert cli.ok("-C", stack, *words, HMSPLAN_ENV="acceptance") == SAID


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "None is named"),
        (("-e", "staging"), "1 is named"),
        (("staging", "production", "test"), "3 are named"),
        (("-e", "staging", "-e", "staging"), "Both environments are staging"),
    ],
)
def test_one_or_three_are_refused(cli: Cli, stack: Path, words: tuple[str, ...], told: str) -> None:
    result = cli("compare", "-C", stack, *words)
    assert (result.code, told in result.err) == (1, True), result


def test_an_unknown_environment_is_told(cli: Cli, stack: Path) -> None:
    result = cli("compare", "-C", stack, "staging", "prodution")
    assert (result.code, "Did you mean production?" in result.err) == (3, True)


def test_json_has_each_difference_with_its_causes(cli: Cli, stack: Path) -> None:
    found = cli("compare", "-C", stack, "staging", "production", "--json").json
    assert (found["left"], found["right"], found["meant"], found["accidental"]) == ("staging", "production", 2, 0)
    message, night = found["differences"]
    assert (message["address"], message["field"], message["left"]) == (
        "assistants.desk",
        "first_message",
        "Hello from Test.",
    )
    assert message["causes"][0] == {
        "cause": "variable",
        "environment": "staging",
        "name": "who",
        "filename": "environments/staging.yaml",
        "line": 1,
    }
    assert (night["field"], night["left"], night["right"], night["meant"]) == (None, True, False, True)


def test_markdown_is_a_table(cli: Cli, stack: Path) -> None:
    rows = cli.ok("compare", "-C", stack, "staging", "production", "--format", "markdown").splitlines()
    assert rows[0] == "**Compared: 2 objects, 0 alike; 2 meant, 0 accidental.**"
    assert rows[2] == "| | object | field | staging | production | why |"
    assert rows[-1].startswith("|  | assistants.night |  | there |  | meant: excluded in production")


@pytest.fixture
def urls() -> Iterator[tuple[Emulator, str]]:
    with Emulator(settings=Settings(rate_limit=None)) as made, running(made) as url:
        yield made, url


def test_each_environment_has_its_own_key(cli: Cli, stack: Path, urls: tuple[Emulator, str]) -> None:
    """And the usual one where it has none."""
    emulator, url = urls
    write(stack, {"environments/production.yaml": "variables: {who: Acme}\n"})
    common = {"HMS_SOVEREIGN_BASE_URL": url}
    keys = {"HMS_SOVEREIGN_API_KEY_STAGING": f"{KEY}_staging", "HMS_SOVEREIGN_API_KEY": KEY}
    assert cli("-C", stack, "apply", "-y", "-e", "staging", **common, HMS_SOVEREIGN_API_KEY=f"{KEY}_staging").code == 0
    assert cli("-C", stack, "apply", "-y", "-e", "production", **common, HMS_SOVEREIGN_API_KEY=KEY).code == 0
    words = ("-C", stack, "compare", "staging", "production", "--live", "--detailed-exitcode")
    result = cli(*words, **common, **keys)
    assert (result.code, result.out.splitlines()[-1]) == (0, "Compared: 2 objects, 1 alike; 1 meant, 0 accidental.")
    (desk,) = [each for each in emulator.all("assistants", key=KEY) if each["name"] == "Desk"]
    emulator.edit("assistants", desk["id"], {"max_duration_seconds": 99})
    result = cli(*words, **common, **keys)
    assert result.code == 2
    assert "! accidental: the files do not say what it should be" in result.out
    assert KEY not in result.out + result.err
    result = cli(*words, **common, HMS_SOVEREIGN_API_KEY=KEY)
    assert (result.code, "the state belongs to" in result.err) == (9, True)
    assert cli(*words, **common, HMS_SOVEREIGN_API_KEY_STAGING=KEY).code == 9


def test_a_key_that_is_refused_is_named_by_its_own_variable(cli: Cli, stack: Path) -> None:
    """And what is not a key is not sent."""
    words = ("-C", stack, "compare", "staging", "production", "--live")
    with Emulator(settings=Settings(rate_limit=None, revoked_keys=("fl_revoked",))) as made, running(made) as url:
        common = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": KEY}
        result = cli(*words, **common, HMS_SOVEREIGN_API_KEY_PRODUCTION="fl_revoked")
    assert (result.code, "check the key in HMS_SOVEREIGN_API_KEY_PRODUCTION" in result.err) == (9, True), result
    result = cli(*words, **common, HMS_SOVEREIGN_API_KEY_STAGING="c4nary-password")
    assert (result.code, "c4nary" in result.out + result.err) == (9, False)
    said = "The value of HMS_SOVEREIGN_API_KEY_STAGING is not an API key: those begin with fl_. It was not sent."
    assert said in " ".join(result.err.split())


def test_the_emulators_of_two_environments_are_compared(live_pair: Callable[..., Result]) -> None:
    assert live_pair("apply", "-y", "-e", "staging").code == 0
    result = live_pair("compare", "-e", "staging", "-e", "production", "--live", "--detailed-exitcode")
    assert result.code == 2
    assert "# assistants.desk is in staging only" in result.out
    assert "# not applied yet in production" in result.out


@pytest.fixture
def live_pair(cli: Cli, stack: Path) -> Callable[..., Result]:
    return lambda *words: cli("-C", stack, "--emulator", *words)
