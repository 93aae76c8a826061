"""Two names of one assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import lowered, orders
from hmsplan.lint.words import MY_NAME, YOUR_NAME
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_HINTS: Final = ("nam", "naam", "nom", "heet", "heißt", "llam", "chiam", "nome", "nazyw", "appel", "call", "imię")


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    first = ""
    texts = [(each, YOUR_NAME) for each in orders(assistant, view)] + [
        (each, MY_NAME) for each in view.spoken(assistant)
    ]
    for text, regex in texts:
        low = lowered(text.text)
        for found in regex.finditer(text.text) if any(hint in low for hint in _HINTS) else ():
            name = found[1]
            if first and name.casefold() != first.casefold():
                detail = f"It is called {first} elsewhere, and {name} here. Choose one."
                yield Hit(detail, text.path, *text.place(found.start(1)))
                return
            first = first or name


RULE: Final = Rule(
    id="two-names",
    group=Group.SPEECH,
    title="Assistant with two names",
    severity=Severity.WARNING,
    why="Somebody who was greeted by one name and hears another believes that the call was passed on, or is a fraud.",
    bad="""
assistants:
  desk:
    name: Desk
    first_message: Hello, my name is Anna, the digital assistant of Acme. How can I help you?
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "Your name is Sophie."}]}
""",
    good="""
assistants:
  desk:
    name: Desk
    first_message: Hello, my name is Anna, the digital assistant of Acme. How can I help you?
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "Your name is Anna."}]}
""",
    kinds=("assistants",),
    check=_check,
)
