"""The catalog of providers: what it says is what the API's description says, and it names where each fact is from."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import hmsplan
from hmsplan.catalog import BLOCKS, Provider, catalog
from hmsplan.kinds.assistants import account_in, refused_keys_in

if TYPE_CHECKING:
    from collections.abc import Iterator

DESCRIPTION: Final = json.loads((Path(hmsplan.__file__).parent / "openapi" / "openapi.json").read_bytes())
SCHEMAS: Final = DESCRIPTION["components"]["schemas"]
UNIONS: Final = {"stt_config": "STTConfig", "llm_config": "LLMConfig", "tts_config": "TTSConfig"}
PROVIDERS: Final = [each for block in BLOCKS for each in catalog().of(block)]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    return {**resolved(found), **{key: value for key, value in schema.items() if key != "$ref"}}


def forms(block: str) -> dict[str, dict[str, Any]]:
    """Return the description's form of every provider of a block."""
    found = {}
    for each in map(resolved, SCHEMAS[UNIONS[block]]["oneOf"]):
        provider = each["properties"]["provider"]
        for name in [provider["const"]] if "const" in provider else provider["enum"]:
            found[name] = each
    return found


def fields(form: dict[str, Any], at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in form.get("properties", {}).items():
        yield f"{at}{name}", resolved(schema)
        yield from fields(resolved(schema), f"{at}{name}.")


def test_it_has_every_provider_that_the_description_has() -> None:
    assert set(catalog().providers) == {(block, name) for block in BLOCKS for name in forms(block)}
    assert list(catalog().languages) == SCHEMAS["SpeechLanguage"]["enum"]
    realtime = {each.provider for each in PROVIDERS if each.realtime}
    assert realtime == set(SCHEMAS["LLMConfig"]["x-realtime-providers"])
    parts = SCHEMAS["SpeechConfig"]["x-applies-to"]
    assert set(catalog().pipeline_only) == {f"speech_config.{name}" for name, who in parts.items() if who == "pipeline"}


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda each: f"{each.block}-{each.provider}")
def test_a_provider_is_as_the_description_has_it(provider: Provider) -> None:
    form = forms(provider.block)[provider.provider]
    model = resolved(form["properties"].get("model", {}))
    voice = resolved(form["properties"].get("voice") or form["properties"].get("voice_id") or {})
    assert [each.id for each in provider.models] == model.get("enum", [])
    assert [each.id for each in provider.models if each.legacy] == [
        each for each in model.get("enum", []) if each in model.get("x-legacy", [])
    ]
    assert provider.voices == (tuple(voice["enum"]) if "enum" in voice else None)
    assert provider.default_voice == voice.get("default")
    told = re.search(r"[Cc]atalog default:? ([\w.-]+\w)", model.get("description", ""))
    assert provider.default_model == (told[1] if told else None)
    ranges = {
        at: {name: schema[name] for name in ("minimum", "maximum", "default") if name in schema}
        for at, schema in fields(form)
        if "minimum" in schema or "maximum" in schema
    }
    assert provider.ranges == ranges
    refused = {at: schema.get("x-refused-with-models", []) for at, schema in fields(form)}
    for each in provider.models:
        assert set(each.refuses) == {at for at, models in refused.items() if each.id in models}


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda each: f"{each.block}-{each.provider}")
def test_a_provider_names_sources_and_an_account_that_there_is(provider: Provider) -> None:
    company = catalog().company(provider)
    keys = {provider.key, *(model.key for model in provider.models)} - {None}
    assert keys <= set(SCHEMAS["ByokProvider"]["enum"])
    assert (provider.region or provider.region_by) is None or provider.region_source
    assert company.seat is None or company.source
    assert provider.source
    assert provider.key is not None or provider.key_needed is False


def test_each_model_is_named_once() -> None:
    for provider in PROVIDERS:
        assert len({each.id for each in provider.models}) == len(provider.models)


@pytest.mark.parametrize(
    ("block", "config", "key"),
    [
        ("stt_config", {"provider": "google", "model": "chirp_3"}, "google_vertex"),
        ("llm_config", {"provider": "google", "model": "gemini-3.5-flash"}, "google_vertex"),
        ("tts_config", {"provider": "google", "voice_id": "Kore", "model": "chirp-3-hd"}, "google_vertex"),
        ("tts_config", {"provider": "google", "voice_id": "Kore", "model": "gemini-2.5-pro-preview-tts"}, "google"),
        ("tts_config", {"provider": "google", "voice_id": "Kore"}, "google"),
        ("llm_config", {"provider": "google_realtime", "model": "gemini-live-2.5-flash-native-audio"}, "google_vertex"),
        ("llm_config", {"provider": "google_realtime", "model": "gemini-3.8-live"}, "google"),
        ("llm_config", {"provider": "openai_live", "model": "gpt-live-1"}, "openai"),
        ("llm_config", {"provider": "xai_realtime", "model": "of tomorrow"}, "xai"),
        ("tts_config", {"provider": "11labs"}, "elevenlabs"),
        ("tts_config", {"provider": "voicedock"}, None),
        ("tts_config", {"provider": "of tomorrow"}, "of tomorrow"),
        ("tts_config", {"model": "eleven_v3"}, None),
        ("tts_config", {"provider": None}, None),
        ("tts_config", None, None),
    ],
)
def test_a_block_is_used_with_an_account(block: str, config: Any, key: str | None) -> None:
    assert account_in(block)(config) == key


def test_settings_are_refused_next_to_some_models_only() -> None:
    refused = refused_keys_in("tts_config")
    assert "speed" in refused({"provider": "11labs", "model": "eleven_v4"})
    assert refused({"provider": "elevenlabs", "model": "eleven_flash_v2_5"}) == frozenset()
    assert refused({"provider": "elevenlabs"}) == frozenset()
    assert refused({"model": "eleven_v4"}) == frozenset()


@pytest.mark.parametrize(
    ("block", "config", "region"),
    [
        ("stt_config", {"provider": "google", "model": "chirp_3"}, "EU"),
        ("stt_config", {"provider": "gladia", "region": "eu-west"}, "EU"),
        ("stt_config", {"provider": "gladia", "region": "us-west"}, "US"),
        ("stt_config", {"provider": "gladia"}, None),
        ("stt_config", {"provider": "gladia", "region": ["eu-west"]}, None),
        ("stt_config", {"provider": "deepgram"}, None),
        ("llm_config", {"provider": "google_realtime", "model": "gemini-3.8-live", "location": "europe-west4"}, None),
        (
            "llm_config",
            {"provider": "google_realtime", "model": "gemini-3.8-live", "location": "europe-west4", "vertexai": True},
            "NL",
        ),
        (
            "llm_config",
            {
                "provider": "google_realtime",
                "model": "gemini-live-2.5-flash-native-audio",
                "location": "europe-west2",
            },
            "GB",
        ),
        ("llm_config", {"provider": "google_realtime", "vertexai": True, "location": "mars-north1"}, None),
    ],
)
def test_where_a_block_is_processed_is_known_or_it_is_not(block: str, config: Any, region: str | None) -> None:
    provider = catalog().find(block, config)
    assert provider is not None
    assert provider.region_of(config) == region


def test_the_catalog_is_as_old_as_its_oldest_entry() -> None:
    oldest = min(
        date.fromisoformat(found)
        for found in re.findall(
            r'"checked": "([0-9-]+)"', (Path(hmsplan.__file__).parent / "catalog/catalog.json").read_text("utf-8")
        )
    )
    assert catalog().checked == oldest
    assert catalog().age_days(oldest + timedelta(days=200)) == 200
