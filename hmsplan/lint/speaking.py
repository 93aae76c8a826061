"""What rules of several groups ask about the speech of an assistant: its language, its prompts, who hears it. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Hit
from hmsplan.lint.texts import Role
from hmsplan.model import value_at

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hmsplan.lint.texts import Text
    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource

SPEAKERS: Final = ("assistants", "tool_templates", "workflows")
"""The kinds with texts that are spoken as they stand."""
READERS: Final = ("assistants", "campaigns", "workflows")
"""The kinds with prompts."""
LANGUAGE_FIELDS: Final[Sequence[tuple[str, ...]]] = (
    ("stt_config", "language"),
    ("tts_config", "language"),
    ("llm_config", "transcription", "language_hint"),
)
_TURNS: Final = frozenset({"user", "assistant"})
_NO_LANGUAGE: Final = frozenset({"multi", "auto", ""})


def declared_languages(assistant: Resource, view: View) -> Mapping[FieldPath, str]:
    """Return each field of an assistant that names one language, with its ISO 639-1 code: ``nl`` for ``nl-BE``."""
    return view.once(_declared_languages, assistant)


def _declared_languages(assistant: Resource, _view: View) -> Mapping[FieldPath, str]:
    found: dict[FieldPath, str] = {}
    for path in LANGUAGE_FIELDS:
        value = assistant.spec.get(path[0])
        for key in path[1:]:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            code = value if len(value) == _CODE else value.replace("_", "-").split("-")[0]
            if (code := code.lower()) not in _NO_LANGUAGE:
                found[path] = code
    return found


_CODE: Final = 2


def language(resource: Resource, view: View) -> str:
    """Return the one language that an assistant is set to; "" when it is set to none, or to several."""
    return view.once(_language, resource)


def _language(resource: Resource, view: View) -> str:
    codes = set(declared_languages(resource, view).values())
    return codes.pop() if len(codes) == 1 else ""


def orders(resource: Resource, view: View) -> Sequence[Text]:
    """Return the prompts that give orders: not the turns of ``messages`` that set an example."""
    prompts = view.prompts(resource)
    if len(prompts) <= 1:
        return prompts
    return [text for text in prompts if value_at(resource.spec, (*text.path[:-1], "role")) not in _TURNS]


def in_spoken(
    resource: Resource, view: View, hints: Sequence[str], regex: re.Pattern[str], tell: Callable[[re.Match[str]], str]
) -> Iterator[Hit]:
    """Yield the first place of each spoken text at which *regex* matches; it is asked where one of *hints* stands."""
    whole = view.as_one(resource, Role.SPOKEN)
    if not any(hint in whole for hint in hints) if hints else regex.search(whole) is None:
        return
    for text in view.spoken(resource):
        content = text.text
        if (not hints or any(hint in content for hint in hints)) and (found := regex.search(content)) is not None:
            yield Hit(tell(found), text.path, *text.place(found.start()))


@lru_cache(maxsize=4096)
def lowered(text: str) -> str:
    """Return *text* with A to Z in lower case: as long as it was, and a third of the time of ``lower``."""
    return text.lower() if text.isascii() else text.encode().lower().decode()


_NO_DIGITS: Final = bytes(byte for byte in range(256) if byte not in b"0123456789\n")


@lru_cache(maxsize=4096)
def digits_of_lines(text: str) -> tuple[int, ...]:
    """Return how many digits each line of *text* has: few lines have any, and most faults have some."""
    return tuple(map(len, text.encode().translate(None, _NO_DIGITS).split(b"\n")))


def lines_with_digits(text: str, fewest: int) -> Iterator[tuple[int, str]]:
    """Yield each line of *text* with at least so many digits, with its number, from 1."""
    digits = digits_of_lines(text)
    if max(digits) >= fewest:
        lines = text.split("\n")
        for number, many in enumerate(digits):
            if many >= fewest:
                yield number + 1, lines[number]
