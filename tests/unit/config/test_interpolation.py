from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmsplan.config.interpolation import BadInterpolation, Call, Reference, escape, parse_text
from hmsplan.model import Address

SUPPORT = Address("assistants", "support")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain {{name}} $5 {x}", ["plain {{name}} $5 {x}"]),
        ("${var:x}", [Call("var", "x")]),
        ("Hi ${var:x}!", ["Hi ", Call("var", "x"), "!"]),
        ("${secret:sip-password}", [Call("secret", "sip-password")]),
        ("${file:prompts/a b.md}", [Call("file", "prompts/a b.md")]),
        ("${csv:leads/spring.csv}", [Call("csv", "leads/spring.csv")]),
        ("${assistants.support}", [Reference(SUPPORT)]),
        ("${assistants.support.llm_config.model}", [Reference(SUPPORT, ("llm_config", "model"))]),
        ("$${var:x}", ["${", "var:x}"]),
        ("$$${var:x}", ["$", "${", "var:x}"]),
        ("{{a}} ${var:x} {{b}}", ["{{a}} ", Call("var", "x"), " {{b}}"]),
    ],
)
def test_forms(text: str, parts: list[object]) -> None:
    """Each form of the contract is read as what it is, and everything else is left alone."""
    assert parse_text(text) == parts


@pytest.mark.parametrize(
    ("text", "summary", "word"),
    [
        ("${env:PATH}", "Environment cannot be read", "HMSPLAN_VAR_PATH"),
        ("${vars:x}", "Unknown interpolation", "Did you mean var?"),
        ("${x}", "Unknown interpolation", "${var:x}"),
        ("${}", "Unknown interpolation", "${kind.key}"),
        ("${var:}", "Bad name", "letter"),
        ("${var:a b}", "Bad name", "letter"),
        ("${secret:1}", "Bad name", "letter"),
        ("${file: a.md}", "Bad path", "${file:"),
        ("${assistant.support}", "Unknown kind", "Did you mean assistants?"),
        ("${assistants.}", "Unknown interpolation", "Allowed"),
        ("a ${var:x", "Unclosed ${", "$${"),
        ("a ${var:x\n}", "Unclosed ${", "$${"),
        ("${{ github.sha }}", "Unknown interpolation", "GitHub"),
    ],
)
def test_errors(text: str, summary: str, word: str) -> None:
    """Anything else behind ${ is refused with what could be written instead."""
    with pytest.raises(BadInterpolation) as caught:
        parse_text(text)
    assert caught.value.summary == summary
    assert word in caught.value.detail


@pytest.mark.parametrize("text", ["${var:x}", "${file:prompts/a.md}", "${assistants.support.name}"])
def test_a_message_shows_what_was_written(text: str) -> None:
    """A part of a text is named in messages as its author wrote it."""
    (part,) = parse_text(text)
    assert f"${{{part}}}" == text


@given(st.text("${}:.ab \n"))
def test_escape_is_undone(text: str) -> None:
    """An escaped text reads back as itself, whatever it holds."""
    assert "".join(map(str, parse_text(escape(text)))) == text


@given(st.text("${}:.varfilesecretassistants_ab-\n"))
def test_never_fails(text: str) -> None:
    """Whatever stands behind ${ is understood or refused."""
    with suppress(BadInterpolation):
        parse_text(text)
