"""``hmsplan catalog``: what is known of providers, what the platform offers now, and where calls go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.emulator import Emulator, Settings
from hmsplan.output.lines import columns

from .helpers import EXAMPLE, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .helpers import Cli, Result

STACK = {
    "hmsplan.yaml": "version: 1\nstack: acme\n",
    "desk.yaml": """\
assistants:
  desk: {name: Desk, tts_config: {provider: elevenlabs, voice_id: nl_NL-pimm-medium}}
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes: [{id: hello, type: conversation, instructions: Help., voice: nl_NL-pim-medium}]
""",
}


@pytest.fixture(params=["catalogue"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    made = Emulator(settings=Settings(rate_limit=None, config_answer=request.param))
    yield made
    made.close()


def test_the_overview_names_every_provider_offline_and_without_a_stack(cli: Cli, tmp_path: Path) -> None:
    result = cli("-C", tmp_path, "catalog", "show", COLUMNS="80")
    assert (result.code, result.err) == (0, "")
    assert "  deepgram         nova-3*, nova-3-general\n" in result.out
    assert "Gladia SAS, FR; processes in: as region says\n" in result.out
    assert "gpt-4o-mini" not in result.out
    assert max(map(columns, result.out.splitlines())) <= 80


def test_one_provider_is_told_whole(cli: Cli) -> None:
    text = cli("catalog", "show", "11labs", COLUMNS="80").out
    assert text.startswith("elevenlabs: Text to speech (tts_config)\n  also       11labs\n")
    assert "refuses    apply_language_text_normalization, similarity_boost, speed, style," in text
    assert "voices     those of the account; none is listed" in text
    assert "(2026-11-30)" in text
    google = cli("catalog", "show", "google").out
    assert " ".join(google.split()).count("organization has to have it") == 3
    assert "no effect  speaking_rate" in google


def test_a_provider_that_there_is_not_is_told_with_the_one_that_is_meant(cli: Cli) -> None:
    result = cli("catalog", "show", "elevenlab")
    assert result.code == 1
    assert "Did you mean elevenlabs?" in " ".join(result.err.split())


def test_the_catalog_is_json_too(cli: Cli) -> None:
    body = json.loads(cli("catalog", "show", "voicedock", "--json").out)
    (provider,) = body["providers"]
    assert provider["company"]["seat"] is None
    assert (provider["key"], provider["key_needed"], provider["region"]) == (None, False, None)
    assert body["is_old"] in {True, False}
    everything = json.loads(cli("catalog", "show", "--format", "json").out)
    assert len(everything["providers"]) == 17
    assert "live" not in everything


def test_the_catalog_is_compared_with_what_the_platform_offers(
    online: Callable[..., Result], emulator: Emulator, tmp_path: Path
) -> None:
    root = write(tmp_path / "stack", STACK)
    emulator.requests.clear()
    result = online("-C", root, "catalog", "show", "--live")
    assert (result.code, result.err) == (0, "")
    assert " ".join(result.out.split()) == (
        "The catalog of 2026-11-30 has the providers and models that the platform has. "
        "The platform has 8 local voices in 7 languages. "
        "It has no voice nl_NL-pimm-medium, which assistants.desk names in tts_config.voice_id. "
        "Did you mean nl_NL-pim-medium?"
    )
    assert [request.path for request in emulator.requests] == ["/voices", "/byok/config"]
    assert not emulator.writes


@pytest.mark.parametrize("emulator", ["gone", "settings"], indirect=True)
def test_a_platform_that_has_no_catalog_is_said_to_have_none(online: Callable[..., Result], tmp_path: Path) -> None:
    result = online("-C", tmp_path, "catalog", "show", "--live")
    assert result.code == 0
    assert result.out.startswith("The platform does not say which providers and models it has.\n")
    body = json.loads(online("-C", tmp_path, "catalog", "show", "--live", "--json").out)
    live = body["live"]
    assert (live["told"], live["new"], live["gone"], live["missing_voices"]) == (False, [], [], [])
    assert "nl_NL-pim-medium" in live["voices"]


def test_the_example_goes_where_its_files_say(cli: Cli) -> None:
    result = cli("-C", EXAMPLE, "catalog", "residency", "-e", "production", COLUMNS="80")
    assert (result.code, result.err) == (0, "")
    assert "assistants.balie: 2 in the EEA, 1 outside, 7 not known\n" in result.out
    assert "  speech to text  audio  deepgram                 US    ?      ?\n" in result.out
    assert "  deepgram, Deepgram, Inc.: https://deepgram.com/terms\n" in result.out
    assert "85000002" not in result.out
    assert max(map(columns, result.out.splitlines())) <= 80


def test_one_resource_can_be_asked_for(cli: Cli) -> None:
    body: Any = json.loads(
        cli("-C", EXAMPLE, "catalog", "residency", "-e", "production", "workflows.after_hours", "--json").out
    )
    (only,) = body["resources"]
    assert only["address"] == "workflows.after_hours"
    assert {flow["verdict"] for flow in only["flows"]} == {"inside", "not known"}
    result = cli("-C", EXAMPLE, "catalog", "residency", "-e", "production", "assistants.bali")
    assert result.code == 1
    assert "Did you mean assistants.balie?" in " ".join(result.err.split())


def test_the_report_is_a_page_too(cli: Cli) -> None:
    page = cli("-C", EXAMPLE, "catalog", "residency", "-e", "production", "--format", "markdown").out
    assert page.startswith("# Where calls go\n\n## assistants.balie\n")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {7}


def test_wide_names_are_cut_and_narrow_terminals_are_kept_to(cli: Cli, tmp_path: Path) -> None:
    host = f"{'very-' * 20}long.example"
    root = write(
        tmp_path,
        {
            "hmsplan.yaml": STACK["hmsplan.yaml"],
            "a.yaml": f"assistants: {{a: {{name: A, webhook_url: 'https://{host}'}}}}",
        },
    )
    text = cli("-C", root, "catalog", "residency", COLUMNS="60").out
    assert host not in text
    assert "very-very" in text
    assert max(map(columns, text.splitlines())) <= 60


def test_a_stack_that_is_broken_has_no_report(cli: Cli, tmp_path: Path) -> None:
    root = write(tmp_path, {"hmsplan.yaml": "version: 1\nstack: acme\n", "a.yaml": "assistants: {a: {}}"})
    result = cli("-C", root, "catalog", "residency")
    assert (result.code, result.out) == (3, "")
