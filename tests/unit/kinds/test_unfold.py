"""Answers that are no list: what objects they tell of, in every form, and which of them tell nothing."""

from __future__ import annotations

from typing import Any

import pytest

from hmsplan.kinds.byok_keys import stored
from hmsplan.kinds.domain import only_domain

KEYS = {"openai_secret_id": "v1", "resend_secret_id": None}
MAIL = {"id": "d1", "domain_name": "mail.example.com"}


@pytest.mark.parametrize("answer", [{"byok_keys": KEYS}, {"success": True, "byok_keys": KEYS}, KEYS])
def test_a_key_is_stored_where_a_provider_has_an_id(answer: Any) -> None:
    assert stored(answer) == [{"id": "openai", "provider": "openai", "vault_id": "v1"}]


def test_no_keys_are_no_objects() -> None:
    assert stored({"byok_keys": {}}) == []


@pytest.mark.parametrize("answer", [None, [], {}, {"success": True}, {"byok_keys": None}, {"error": "later"}])
def test_an_answer_without_keys_tells_nothing(answer: Any) -> None:
    assert stored(answer) is None


@pytest.mark.parametrize("answer", [{"domain": MAIL}, {"domain": MAIL, "message": "Selected"}, MAIL])
def test_the_one_domain(answer: Any) -> None:
    (found,) = only_domain(answer) or [{}]
    assert (found["id"], found["domain_name"]) == ("d1", "mail.example.com")


def test_null_is_no_domain() -> None:
    assert only_domain({"domain": None}) == []


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"success": True}, {"domain": {}}, {"domain": {"id": ""}}, {"domain": 1}]
)
def test_an_answer_without_a_domain_tells_nothing(answer: Any) -> None:
    assert only_domain(answer) is None
