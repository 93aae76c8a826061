"""A key or a password in a text that a model reads or a voice speaks."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import digits_of_lines, lines_with_digits, lowered
from hmsplan.lint.words import PASSWORD, PASSWORD_WORDS
from hmsplan.model import Severity
from hmsplan.secrets.detect import is_mask, may_hold_one, service_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_ADVICE: Final = (
    "Take it out, have it replaced, and give it to the tool that needs it: server: {url: …, secret: ${secret:name}}."
)


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    digits = digits_of_lines(view.as_one(resource, None))  # neither a key nor a password goes without
    together = "\n".join(compress(view.as_one(resource, None).split("\n"), digits))
    low = lowered(together)
    if not service_keys(together) and not any(word in low for word in PASSWORD_WORDS):
        return
    for text in view.texts(resource):
        is_news = not may_hold_one(text.text)  # else reading the stack has told the keys already
        for number, line in lines_with_digits(text.text, 1):
            for start, _ in service_keys(line) if is_news else ():
                detail = f"It holds what looks like the key of a service. {_ADVICE}"
                yield Hit(detail, text.path, number, start + 1)
            for start in _passwords(line):
                detail = f"It holds what looks like a password. {_ADVICE}"
                yield Hit(detail, text.path, number, start + 1)


def _passwords(line: str) -> Iterator[int]:
    low = lowered(line)
    for word in PASSWORD_WORDS:
        if word in low:
            found = PASSWORD.match(line, low.index(word))
            if found is not None and _is_password(found[1].rstrip(".,;:!?)")):
                yield found.start(1)


def _is_password(word: str) -> bool:
    """Say whether a word is one that no dictionary has: letters and digits, and more than a date or a number."""
    mixed = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return mixed and not is_mask(word) and not word.startswith(("$", "http"))


RULE: Final = Rule(
    id="credential-in-prompt",
    group=Group.SECRETS,
    title="Credential in a prompt",
    severity=Severity.WARNING,
    why="A model says what is in its prompt to a caller who asks long enough, and every provider of the call reads it.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "The password of the diary is zomer2026!"}]
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Look into the diary with `find_slot`."}]
""",
    kinds=("assistants", "campaigns", "tool_templates", "workflows"),
    check=_check,
)
