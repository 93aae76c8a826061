"""What rules of several groups ask about the speech of an assistant: its language, its prompts, who hears it. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Hit
from hmsplan.model import value_at

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Sequence

    from hmsplan.lint.texts import Text
    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource, Spec

SPEAKERS: Final = ("assistants", "tool_templates", "workflows")
"""The kinds with texts that are spoken as they stand."""
READERS: Final = ("assistants", "campaigns", "workflows")
"""The kinds with prompts."""
LANGUAGE_FIELDS: Final[Sequence[FieldPath]] = (
    ("stt_config", "language"),
    ("tts_config", "language"),
    ("llm_config", "transcription", "language_hint"),
)


def declared_languages(spec: Spec) -> dict[FieldPath, str]:
    """Return each field of an assistant that names one language, with its ISO 639-1 code: ``nl`` for ``nl-BE``."""
    found = {path: value_at(spec, path) for path in LANGUAGE_FIELDS}
    codes = {path: value.replace("_", "-").split("-")[0].lower() for path, value in found.items() if _is_text(value)}
    return {path: code for path, code in codes.items() if code not in {"multi", "auto", ""}}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def language(spec: Spec) -> str:
    """Return the one language that an assistant is set to; "" when it is set to none, or to several."""
    codes = set(declared_languages(spec).values())
    return codes.pop() if len(codes) == 1 else ""


def orders(resource: Resource, view: View) -> Iterator[Text]:
    """Yield the prompts that give orders: not the turns of ``messages`` that set an example."""
    for text in view.prompts(resource):
        role = value_at(resource.spec, (*text.path[:-1], "role")) if text.path[-1] == "content" else "system"
        if role not in {"user", "assistant"}:
            yield text


def in_spoken(
    resource: Resource, view: View, hints: Sequence[str], regex: re.Pattern[str], tell: Callable[[re.Match[str]], str]
) -> Iterator[Hit]:
    """Yield the first place of each spoken text at which *regex* matches; it is asked where one of *hints* stands."""
    for text in view.spoken(resource):
        content = text.text
        if (not hints or any(hint in content for hint in hints)) and (found := regex.search(content)) is not None:
            yield Hit(tell(found), text.path, *text.place(found.start()))


@lru_cache(maxsize=4096)
def lowered(text: str) -> str:
    """Return *text* in lower case: many rules ask for it."""
    return text.lower()
