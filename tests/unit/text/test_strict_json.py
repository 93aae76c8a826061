"""What another reader of the same JSON could understand otherwise is refused."""

from __future__ import annotations

import pytest

from hmsplan.errors import StateError
from hmsplan.text import strict_json
from hmsplan.text.strict_json import NotJson, read, read_document


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"a": {"b": 1, "b": 1}}', "the key b stands in one object twice"),
        (rb'{"\ud83e": 1, "\ud83e": 2}', r"the key \ud83e stands"),
        ("NaN", "NaN is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "decode"),
        (b"", "Expecting value"),
        (b"{} {}", "Extra data"),
    ],
)
def test_what_is_refused(text: str | bytes, words: str) -> None:
    with pytest.raises(NotJson) as caught:
        read(text)
    assert words in str(caught.value)
    str(caught.value).encode()  # can be printed


def test_numbers_can_be_read_as_one_likes() -> None:
    assert read('{"a": [1, 2.5]}', parse_int=str, parse_float=str) == {"a": ["1", "2.5"]}
    assert read(b'{"a": [1, 2.5]}') == {"a": [1, 2.5]}


def test_a_file_that_is_too_big_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "MAX_BYTES", 10)
    with pytest.raises(StateError, match="11 bytes or more; a snapshot may have 10"):
        read_document(b"{" * 11, "snapshot", "Not a snapshot")
