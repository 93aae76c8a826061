"""The catalog against what a platform offers that has moved on."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hmsplan.api.client import ReadClient
from hmsplan.catalog import OLD_DAYS, catalog
from hmsplan.operations.catalog import Comparison, compare
from hmsplan.output.catalog import age_text, catalog_text

OFFERED = [
    {"id": each.provider, "category": block.partition("_")[0], "models": [{"id": model.id} for model in each.models]}
    for (block, name), each in catalog().providers.items()
    if name == each.provider
]


def compared(providers: Any, voices: Any = ()) -> Comparison:
    answers = {"/voices": {"voices": list(voices)}, "/byok/config": {"providers": providers}}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=answers[request.url.path])

    async def ask() -> Comparison:
        transport = httpx.MockTransport(answer)
        async with ReadClient("http://127.0.0.1:1", api_key="fl_x", transport=transport) as client:
            return await compare(client, None)

    return asyncio.run(ask())


def test_the_same_offer_differs_in_nothing() -> None:
    found = compared(OFFERED)
    assert (found.told, found.new, found.gone) == (True, {}, {})


def test_new_and_gone_models_and_providers_are_named() -> None:
    changed = [
        {**each, "models": [*each["models"], {"id": "gpt-6"}]} if each["id"] == "openai" else each
        for each in OFFERED
        if each["id"] not in {"gladia", "xai"}
    ]
    found = compared([*changed, {"id": "cartesia", "category": "tts", "models": []}])
    assert found.new == {("llm_config", "openai"): ["gpt-6"], ("tts_config", "cartesia"): []}
    assert found.gone == {
        ("stt_config", "gladia"): ["solaria-1"],
        ("llm_config", "xai"): ["grok-4.3"],
        ("tts_config", "xai"): [],
    }


def test_an_alias_is_the_provider_that_it_stands_for() -> None:
    renamed = [
        {**each, "id": "11labs"} if each["id"] == "elevenlabs" and each["category"] == "tts" else each
        for each in OFFERED
    ]
    assert compared(renamed).new == {}


@pytest.mark.parametrize("providers", [None, "soon", {}])
def test_an_answer_that_is_no_catalog_tells_nothing(providers: Any) -> None:
    assert compared(providers).told is False


def test_what_cannot_be_read_in_an_answer_is_left_out() -> None:
    found = compared(
        [*OFFERED, None, {"id": 1}, {"id": "new", "category": "video"}], [None, {"id": 1}, {"name": "x"}, {"id": "a"}]
    )
    assert (found.new, found.gone, found.voices) == ({}, {}, ["a"])


def test_an_old_catalog_says_so() -> None:
    young, old = (catalog().checked + timedelta(days=days) for days in (OLD_DAYS, OLD_DAYS + 1))
    assert age_text(catalog(), young) == ""
    assert "181 days ago" in age_text(catalog(), old)
    assert catalog_text(catalog(), old, 80).endswith("\n  hmsplan catalog show --live")
    assert not catalog_text(catalog(), young, 80).endswith("--live")
