"""Two names of one assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import words
from hmsplan.lint.prompts import may_be_english, occurrences
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import language, lowered, orders
from hmsplan.lint.texts import Role
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.lint.texts import Text
    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    first = ""
    for text, at, name in _names(assistant, view):
        if first and name.casefold() != first.casefold():
            yield Hit(f"It is called {first} elsewhere, and {name} here. Choose one.", text.path, *text.place(at))
            return
        first = first or name


def _names(assistant: Resource, view: View) -> Iterator[tuple[Text, int, str]]:
    """Yield what prompts call the assistant, and what it calls itself."""
    spoken, heard = language(assistant, view), lowered(view.as_one(assistant, Role.SPOKEN))
    for text in orders(assistant, view):
        yield from _after(words.of(words.YOUR_NAME, spoken, english=may_be_english(lowered(text.text))), text)
    mine = [phrase for phrase in words.of(words.MY_NAME, spoken) if phrase in heard]
    for text in view.spoken(assistant) if mine else ():
        yield from _after(mine, text)


def _after(phrases: Iterable[str], text: Text) -> Iterator[tuple[Text, int, str]]:
    """Yield the names that stand in a text right after one of *phrases*."""
    low = lowered(text.text)
    for phrase in phrases:
        for at in occurrences(low, (phrase,)) if phrase in low else ():
            if (found := words.NAME.match(text.text, at + len(phrase))) is not None:
                yield text, found.start(1), found[1]


RULE: Final = Rule(
    id="two-names",
    group=Group.SPEECH,
    title="Assistant with two names",
    severity=Severity.WARNING,
    why="A caller who was greeted by one name and hears another believes that the call was passed on, or is a fraud.",
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
