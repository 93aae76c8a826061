"""Which language a text is in, as far as it is plain; nothing is known without the extra ``language``. Pure."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from hmsplan.lint.words import FREQUENT, NAMES_OF

if TYPE_CHECKING:
    from collections.abc import Callable

_ALIKE: Final = (
    *({"nl", "af", "fy"}, {"da", "no", "nb", "nn", "sv"}, {"es", "gl", "ca"}, {"pt", "gl"}, {"cs", "sk"}),
    *({"hr", "sr", "bs", "sl"}, {"id", "ms"}, {"ru", "uk", "be", "bg", "mk"}, {"de", "lb"}, {"hi", "mr", "ne"}),
)
"""Languages that a guess takes for each other."""
_LEAST_LETTERS: Final = 25
_LEAST_SURE: Final = 0.97
_READ: Final = 300
"""Characters that are looked at: a guess does not get better by more, only slower."""
_FEWEST_WORDS: Final = 3
_NO_PROSE: Final = re.compile(r"\{\{[^{}]*\}\}|<[^<>]*>|https?://\S+|\S+@\S+")


@cache
def _guesser() -> Callable[[str], tuple[str, float]] | None:
    """Return what tells the language of a text, and how sure it is; None where the extra is not installed."""
    try:
        import gcld3  # noqa: PLC0415 -- an extra
    except ImportError:
        return None
    model = gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=4 * _READ)

    def told(text: str) -> tuple[str, float]:
        result = model.FindLanguage(text)
        return result.language, result.probability if result.is_reliable else 0.0

    return told


def is_known() -> bool:
    """Say whether languages can be told at all."""
    return _guesser() is not None


@lru_cache(maxsize=4096)
def guess(text: str) -> str:
    """Return the language of a text, as ISO 639-1 has it; "" when it is short, mixed or not plain."""
    told = _guesser()
    prose = _NO_PROSE.sub(" ", text[: 2 * _READ])[:_READ]
    if told is None or sum(map(str.isalpha, prose)) < _LEAST_LETTERS:
        return ""
    language, sure = told(prose)
    return language if sure >= _LEAST_SURE and language in NAMES_OF else ""


@lru_cache(maxsize=4096)
def may_be(text: str, language: str) -> bool:
    """Say whether a text may be in a language: unless it plainly is in another one."""
    frequent = FREQUENT.get(language, frozenset())
    if sum(map(frequent.__contains__, text[:_READ].lower().split())) >= _FEWEST_WORDS:
        return True  # saves a guess, which costs more than all other rules
    guessed = guess(text)
    return guessed in {"", language} or any({guessed, language} <= alike for alike in _ALIKE)
