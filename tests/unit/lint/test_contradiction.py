"""Rules about what cannot be meant together: edges, near misses, and what must stay silent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.lint import linted

from hmsplan.catalog import OLD_DAYS, catalog
from hmsplan.lint.rules import all_rules

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.model import Diagnostic

NATIVE = "gemini-live-2.5-flash-native-audio"
GOOGLE = "provider: google, voice_id: Kore"
PIPELINE = "llm_config: {provider: openai, model: gpt-5.4}"
LIVE = "llm_config: {provider: openai_live, model: gpt-live-1}"
ELEVEN = "provider: elevenlabs, voice_id: abc"


def assistant(*fields: str) -> str:
    """Return a stack of one assistant; a field may be several lines."""
    lines = "\n".join(fields).replace("\n", "\n    ")
    return f"assistants:\n  desk:\n    name: Desk\n    {lines}\n"


def node(*fields: str) -> str:
    """Return a stack of one workflow with one node."""
    joined = "".join(f", {field}" for field in fields)
    return f"""workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {{id: hello, type: conversation, instructions: Help.{joined}}}
"""


def found(root: Path, example: str, rule: str) -> list[Diagnostic]:
    return list(linted(root, example, all_rules()[rule]))


CASES: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "realtime-with-tts-config": (
        [(assistant(LIVE, f"tts_config: {{{ELEVEN}}}"), "openai_live")],
        [
            assistant(LIVE),
            assistant(PIPELINE, f"tts_config: {{{ELEVEN}}}"),
            assistant(f"tts_config: {{{ELEVEN}}}"),
            assistant("llm_config: {temperature: 1}", f"tts_config: {{{ELEVEN}}}"),
        ],
    ),
    "setting-refused-by-model": (
        [
            (assistant("tts_config: {provider: 11labs, voice_id: a, model: eleven_v4, style: 0.2}"), "style"),
            (assistant(f"tts_config: {{{ELEVEN}, model: eleven_v4_turbo, use_speaker_boost: false}}"), "speaker"),
            (assistant(f"tts_config: {{{ELEVEN}, model: eleven_v3, speed: 1, style: 0}}"), "style"),
            (node(f"tts_config: {{{ELEVEN}, model: eleven_v3, speed: 1}}"), "eleven_v3 refuses speed"),
        ],
        [
            assistant(f"tts_config: {{{ELEVEN}, speed: 1}}"),
            assistant(f"tts_config: {{{ELEVEN}, model: eleven_v3, stability: 1, apply_text_normalization: auto}}"),
            assistant(f"tts_config: {{{ELEVEN}, model: eleven_flash_v2_5, speed: 1, style: 1}}"),
            assistant(f"tts_config: {{{ELEVEN}, model: eleven_v9, speed: 1}}"),
            assistant("tts_config: {provider: inworld, voice_id: a, model: inworld-tts-2, speed: 1}"),
        ],
    ),
    "setting-of-another-model": (
        [
            (
                node(f"tts_config: {{{GOOGLE}, model: gemini-2.5-pro-preview-tts, speaking_rate: 2}}"),
                "",
            )
        ],
        [
            assistant("tts_config: {provider: google, voice_id: Kore, speaking_rate: 1}"),
            assistant("tts_config: {provider: google, voice_id: Kore, model: gemini-2.5-pro-preview-tts}"),
        ],
    ),
    "unknown-model": (
        [
            (assistant("llm_config: {provider: openai, model: gpt-5.4-minni}"), "Did you mean gpt-5.4-mini?"),
            (assistant("llm_config: {provider: google, model: gpt-5.4}"), "hmsplan catalog show google"),
            (assistant("stt_config: {provider: deepgram, model: nova3, language: nl}"), "nova-3?"),
            (
                assistant("llm_config: {provider: openai_live, model: gpt-live-1, delegation: {model: gpt-5.4}}"),
                'no model "gpt-5.4" of openai_live',
            ),
            (node("llm_config: {provider: mistral, model: mistral-huge}"), "mistral"),
        ],
        [
            assistant("llm_config: {provider: openai, model: gpt-4o-mini}"),
            assistant("llm_config: {model: gpt-99}"),
            assistant("tts_config: {provider: voicedock, voice_id: voicedock}"),
            assistant("tts_config: {provider: xai, voice_id: ara}"),
            node("llm_config: {temperature: 1}"),
        ],
    ),
    "outdated-model": (
        [
            (assistant("llm_config: {provider: openai, model: gpt-5-nano}"), "Try gpt-5.4."),
            (assistant("tts_config: {provider: inworld, voice_id: a, model: inworld-tts-1.5-max}"), "inworld-tts-2."),
        ],
        [assistant(PIPELINE)],
    ),
    "unknown-voice": (
        [
            (assistant("tts_config: {provider: google, voice_id: kore}"), "Did you mean Kore?"),
            (assistant("tts_config: {provider: xai, voice_id: Daniel}"), "hmsplan catalog show xai"),
            (assistant("llm_config: {provider: openai_live, model: gpt-live-1, voice: alloy}"), "openai_live"),
        ],
        [
            assistant(f"tts_config: {{{ELEVEN}}}"),
            assistant("tts_config: {provider: inworld, voice_id: Daniel}"),
            assistant("llm_config: {provider: google_realtime, model: gemini-3.8-live, voice: Puck}"),
            node("voice: somebody"),
        ],
    ),
    "unknown-language": (
        [
            (assistant("stt_config: {provider: deepgram, model: nova-3, language: en-US}"), "Did you mean en?"),
            (assistant("stt_config: {provider: deepgram, model: nova-3, language: DE}"), "Did you mean de?"),
            (assistant("stt_config: {provider: deepgram, model: nova-3, language: dutch}"), "There are: multi, nl"),
            (node("stt_config: {provider: google, model: chirp_3, language: xx}"), "There are"),
        ],
        [
            assistant("stt_config: {provider: deepgram, model: nova-3, language: multi}"),
            assistant("stt_config: {language: no}"),
            assistant("tts_config: {provider: elevenlabs, voice_id: a, language: nl-BE}"),
        ],
    ),
    "language-not-expected": (
        [(assistant("stt_config: {provider: gladia, model: solaria-1, language: fr, languages: [nl, en]}"), "fr")],
        [
            assistant("stt_config: {provider: gladia, model: solaria-1, language: fr, languages: [fr-BE, nl]}"),
            assistant("stt_config: {provider: gladia, model: solaria-1, language: multi, languages: [nl]}"),
            assistant("stt_config: {provider: gladia, model: solaria-1, language: fr, languages: []}"),
        ],
    ),
    "missing-provider-key": (
        [
            (assistant("stt_config: {provider: google, model: chirp_3, language: nl}"), "chirp_3 needs"),
            (
                assistant("tts_config: {provider: google, voice_id: Kore}"),
                "google needs the organization's own google key",
            ),
            (
                "byok_keys: {google: {provider: google}}\n"
                + assistant("tts_config: {provider: google, voice_id: Kore, model: chirp-3-hd}"),
                "own google_vertex key",
            ),
            (node("llm_config: {provider: google, model: gemini-3.5-flash}"), "google_vertex"),
        ],
        [
            assistant(PIPELINE),
            "byok_keys: {google: {provider: google}}\n" + assistant("tts_config: {provider: google, voice_id: Kore}"),
            assistant("tts_config: {provider: voicedock, voice_id: voicedock}"),
        ],
    ),
    "location-without-vertex": (
        [
            (
                assistant(
                    "llm_config: {provider: google_realtime, model: gemini-3.8-live, location: eu, vertexai: false}"
                ),
                "Write: vertexai: true",
            )
        ],
        [
            assistant("llm_config: {provider: google_realtime, model: gemini-3.8-live}"),
            assistant(f"llm_config: {{provider: google_realtime, model: {NATIVE}, location: europe-west4}}"),
            assistant("stt_config: {provider: gladia, model: solaria-1, language: nl, region: eu-west}"),
        ],
    ),
    "pipeline-part-on-realtime": (
        [
            (assistant(LIVE, "speech_config: {turn_taking: {interruption_min_words: 2}}"), "turn_taking"),
            (assistant(LIVE, "speech_config: {pronunciation: [{from: BSN, to: bee}]}"), "pronunciation"),
        ],
        [
            assistant(PIPELINE, "speech_config: {end_call_message: Bye.}"),
            assistant("speech_config: {end_call_message: Bye.}"),
            assistant(LIVE, "speech_config: {end_call_message: null, pronunciation: []}"),
            assistant(LIVE, "speech_config: null"),
        ],
    ),
    "voicemail-message-without-detection": (
        [
            (assistant("voicemail_message: Call us."), "is not set"),
            (assistant("voicemail_message: Call us.", "voicemail_detection: false"), "is off"),
            (assistant("voicemail_message: Call us.", "voicemail_detection: null"), "is not set"),
        ],
        [assistant('voicemail_message: ""'), assistant("voicemail_message: null", "voicemail_detection: false")],
    ),
    "silence-settings-while-off": (
        [
            (assistant("speech_config: {silence: {max_attempts: 2}}", "autonomous_silence_handling: false"), "is off."),
            (assistant("speech_config: {silence: {max_attempts: 2}}"), "is off unless"),
        ],
        [
            assistant("speech_config: {silence: {}}"),
            assistant("speech_config: null", "autonomous_silence_handling: false"),
            "# file: hmsplan.yaml\nversion: 1\nstack: acme\n"
            "defaults: {assistants: {autonomous_silence_handling: true}}\n# file: stack.yaml\n"
            + assistant("speech_config: {silence: {max_attempts: 2}}"),
        ],
    ),
    "silence-outlasts-call": (
        [
            (
                assistant(
                    "max_duration_seconds: 30",
                    "autonomous_silence_handling: true",
                    "speech_config: {silence: {max_attempts: 3}}",
                ),
                "after 39 seconds of silence: 3, and 3 times 12.",
            )
        ],
        [
            assistant(
                "max_duration_seconds: 39",
                "autonomous_silence_handling: true",
                "speech_config: {silence: {max_attempts: 3}}",
            ),
            assistant("max_duration_seconds: 30", "speech_config: {silence: {max_attempts: 3}}"),
            assistant("max_duration_seconds: null", "autonomous_silence_handling: true"),
        ],
    ),
    "call-is-cut-short": (
        [(assistant("max_duration_seconds: 5"), "did you mean 300?")],
        [assistant("max_duration_seconds: 30"), assistant("max_duration_seconds: null")],
    ),
    "high-analysis-threshold": (
        [(assistant("analysis_plan: {min_messages_threshold: 21}"), "less than 21")],
        [assistant("analysis_plan: {min_messages_threshold: 20}"), assistant("analysis_plan: null")],
    ),
    "analysis-without-schema": (
        [
            (assistant("analysis_plan: {structured_data_plan: {enabled: true, schema: {}}}"), "enabled: false"),
            ("analysis_templates: {a: {name: A, system_prompt: B, user_prompt: C, schema: {}}}", "No schema"),
        ],
        [
            assistant("analysis_plan: {structured_data_plan: {enabled: false}}"),
            assistant("analysis_plan: {min_messages_threshold: 2}"),
        ],
    ),
    "end-call-phrase-said-often": (
        [
            (assistant('speech_config: {end_call_phrases: [tot ziens, "Ja!"]}'), '"Ja!"'),
            (assistant("speech_config: {end_call_phrases: ['no', tchau]}"), '"no"'),
            (assistant("speech_config: {end_call_phrases: [O.K.]}"), '"O.K."'),
        ],
        [
            assistant("speech_config: {end_call_phrases: [ja hoor doei, no thank you bye, dank u wel]}"),
            assistant("speech_config: {end_call_phrases: null}"),
        ],
    ),
    "answers-are-cut-short": (
        [
            (assistant("llm_config: {provider: openai, model: gpt-5.4, max_completion_tokens: 39}"), "29 words"),
            (assistant("llm_config: {provider: google_realtime, model: gemini-3.8-live, max_output_tokens: 1}"), "1 w"),
        ],
        [assistant("llm_config: {provider: openai, model: gpt-5.4, max_completion_tokens: 40}"), assistant(PIPELINE)],
    ),
    "outdated-field": (
        [
            (
                assistant("llm_config: {tools: [{name: a, description: A., async_response: Wait.}]}"),
                "async_response is outdated. Write message instead.",
            ),
            (node("tools: [{name: a, description: A., async_response: Wait.}]"), "Write message instead."),
        ],
        [assistant("llm_config: {provider: google_realtime, model: gemini-3.8-live}")],
    ),
    "two-receivers-of-a-tool": (
        [],
        [
            assistant(
                "llm_config:\n  tools:\n"
                "    - {name: a, description: A., url: 'https://a.example/', server: {url: 'https://a.example/'}}\n"
                "    - {name: b, description: B., server: {url: 'https://a.example/'}}\n"
                "    - {type: end_call}"
            ),
        ],
    ),
}


def failing() -> list[tuple[str, str, str]]:
    return [(rule, example, says) for rule, (cases, _) in CASES.items() for example, says in cases]


def passing() -> list[tuple[str, str]]:
    return [(rule, example) for rule, (_, cases) in CASES.items() for example in cases]


@pytest.mark.parametrize(("rule", "example", "says"), failing())
def test_a_contradiction_is_found(tmp_path: Path, rule: str, example: str, says: str) -> None:
    problems = found(tmp_path, example, rule)
    assert problems
    assert says in problems[-1].detail
    assert all(each.rule == rule for each in problems)


@pytest.mark.parametrize(("rule", "example"), passing())
def test_what_fits_together_is_not_reported(tmp_path: Path, rule: str, example: str) -> None:
    assert found(tmp_path, example, rule) == []


def test_a_value_that_comes_from_a_variable_is_checked_at_its_place(tmp_path: Path) -> None:
    example = assistant('llm_config: {provider: openai, model: "${var:model}"}') + (
        "# file: hmsplan.yaml\nversion: 1\nstack: acme\nvariables: {model: {default: gpt-5.5}}\n"
    )
    (problem,) = found(tmp_path, example, "unknown-model")
    assert str(problem.source) == "stack.yaml:4:43"


def test_an_override_of_an_environment_is_checked_too(tmp_path: Path) -> None:
    example = assistant(PIPELINE) + (
        "# file: hmsplan.yaml\nversion: 1\nstack: acme\nbases: {fast: {llm_config: {model: gpt-fast}}}\n"
    )
    (problem,) = found(
        tmp_path,
        example.replace("name: Desk", "name: Desk\n    extends: fast").replace(", model: gpt-5.4", ""),
        "unknown-model",
    )
    assert str(problem.source).startswith("hmsplan.yaml:3")


def test_a_fault_in_a_template_is_told_once_where_it_is_written(tmp_path: Path) -> None:
    example = """
analysis_templates:
  outcome:
    name: Outcome
    system_prompt: File calls.
    user_prompt: "{transcript}"
    schema: {type: object, properties: {a: {minimum: 2, maximum: 1}}}
assistants:
  one: {name: One, analysis_plan: "${analysis_templates.outcome}"}
  two: {name: Two, analysis_plan: "${analysis_templates.outcome}"}
"""
    (problem,) = found(tmp_path, example, "analysis-schema-cannot-be-met")
    assert str(problem.source).startswith("stack.yaml:6")
    assert "no value lies between" in problem.detail


def test_a_list_of_choices_or_a_wrong_root_is_left_to_the_author(tmp_path: Path) -> None:
    for schema in (
        "{type: string}",
        "{type: array}",
        "{type: object, properties: {a: {type: [string, 'null'], enum: [a, null]}}}",
    ):
        example = (
            f"analysis_templates: {{a: {{name: A, system_prompt: B, user_prompt: '{{transcript}}', schema: {schema}}}}}"
        )
        assert found(tmp_path, example, "analysis-schema-cannot-be-met") == []


def test_an_old_catalog_is_told_once_and_only_where_it_matters(tmp_path: Path) -> None:
    old = catalog().checked + timedelta(days=OLD_DAYS + 1)
    unknown = assistant(
        "llm_config: {provider: openai, model: gpt-9}", "stt_config: {provider: deepgram, model: nova-9}"
    )
    told = [each for each in linted(tmp_path, unknown, today=old) if each.rule == "catalog-is-old"]
    assert [each.severity for each in told] == ["info"]
    assert "181 days ago" in told[0].detail
    assert not [each for each in linted(tmp_path, unknown, today=catalog().checked) if each.rule == "catalog-is-old"]
    assert not [each for each in linted(tmp_path, assistant(PIPELINE), today=old) if each.rule == "catalog-is-old"]


def test_every_rule_has_cases_of_its_own() -> None:
    rules = {rule.id for rule in all_rules().values() if rule.group == "contradiction"}
    elsewhere = {"analysis-schema-cannot-be-met", "refused-by-api"}
    assert rules - elsewhere == set(CASES)
