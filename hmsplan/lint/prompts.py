"""What rules ask of prompts: their size, their sentences. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.speaking import language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.texts import Text
    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_END: Final = re.compile(r"[.!?;:\n]+")
_MARKS: Final = " \t-*•#\"'“”„`_>1234567890)("
_CHARACTERS_A_TOKEN: Final = {"en": 4.0, "zh": 1.0, "ja": 1.0, "ko": 1.5, "": 4.0}
_USUAL: Final = 3.5


def tokens(assistant: Resource, view: View) -> tuple[int, Text | None]:
    """Return about how many tokens the prompts of an assistant have, and the longest of them.

    Tokenizers have four characters of English a token, and fewer of other languages.
    """
    prompts = view.prompts(assistant)
    if not prompts:
        return 0, None
    size = sum(len(text.text) for text in prompts)
    each = _CHARACTERS_A_TOKEN.get(language(assistant.spec), _USUAL)
    return round(size / each), max(prompts, key=lambda text: len(text.text))


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Yield each sentence with its offset, without the marks of a list around it; one with a comma is one."""
    start = 0
    for end in _END.finditer(text):
        yield from _sentence(text, start, end.start())
        start = end.end()
    yield from _sentence(text, start, len(text))


def _sentence(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    sentence = text[start:end]
    bare = sentence.strip(_MARKS)
    if bare:
        yield start + sentence.index(bare), bare
