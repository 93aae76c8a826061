"""What rules ask of prompts: their size, their sentences. Pure."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from hmsplan.lint import words
from hmsplan.lint.speaking import language, lowered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.lint.texts import Text
    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_ENDS: Final = ".!?;:\n"
_END: Final = re.compile(f"[{_ENDS}]")
_MARKS: Final = " \t-*•#\"'“”„`_>1234567890)("
_FAR: Final = 300
_LONG: Final = 500  # characters, of which hardly any English goes without "the"
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
    each = _CHARACTERS_A_TOKEN.get(language(assistant, view), _USUAL)
    return round(size / each), max(prompts, key=lambda text: len(text.text))


def occurrences(text: str, sought: Iterable[str]) -> Iterator[int]:
    """Yield where each of *sought* stands, also as a part of another word: much faster than a regular expression."""
    for word in sought:
        at = text.find(word)
        while at >= 0:
            yield at
            at = text.find(word, at + len(word))


def sentence_at(text: str, at: int) -> tuple[int, str]:
    """Return the sentence around *at* with its offset, without the marks of a list; one with a comma is one.

    Of a longer one than anybody says, the part around *at*.
    """
    first = max(0, at - _FAR)
    before, after = text[first:at], text[at : at + _FAR]
    start = max([before.rfind(each) for each in _ENDS]) + 1
    end = _END.search(after)
    sentence = before[start:] + (after if end is None else after[: end.start()])
    bare = sentence.strip(_MARKS)
    return first + start + sentence.find(bare), bare


@lru_cache(maxsize=4096)
def strict_sentences(text: str, spoken: str) -> Sequence[tuple[int, str]]:
    """Return the sentences, in lower case and in order, that say always, never or only, each with its offset."""
    low = lowered(text)
    found = dict(sentence_at(low, at) for at in occurrences(low, _strict_words(spoken, english=may_be_english(low))))
    return sorted(found.items())


@cache
def _strict_words(spoken: str, *, english: bool) -> tuple[str, ...]:
    tables = (words.ALWAYS, words.NEVER, words.ONLY)
    return tuple(dict.fromkeys(word for table in tables for word in words.of(table, spoken, english=english)))


@lru_cache(maxsize=4096)
def may_be_english(low: str) -> bool:
    """Say whether phrases of English may stand in a text in lower case; to look for each takes a while."""
    return len(low) < _LONG or " the " in low
