from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hmsplan.escape import plain


@given(st.text())
def test_nothing_acts(text: str) -> None:
    """No text, whatever it holds, moves the cursor, colours, breaks a line, or hides."""
    shown = plain(text)
    assert not any(
        ord(letter) < 32
        or 0x7F <= ord(letter) <= 0x9F
        or 0x200B <= ord(letter) <= 0x200F
        or 0x2028 <= ord(letter) <= 0x202E
        for letter in shown
    )
    shown.encode()


def test_shows_what_was_there() -> None:
    """What is escaped can still be recognised; ordinary text in any language is untouched."""
    assert plain("a\x1b]0;title\x07\nb\u202ec\U000e0041") == "a\\u001b]0;title\\u0007\\u000ab\\u202ec\\U000e0041"
    assert plain("Zoë, 王, ₤ 5 — 👍") == "Zoë, 王, ₤ 5 — 👍"
