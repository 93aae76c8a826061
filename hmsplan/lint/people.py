"""Where rules look for data about people. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.personal import may_hold_one, people_in
from hmsplan.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.personal import Datum, What
    from hmsplan.lint.texts import Text
    from hmsplan.lint.view import View
    from hmsplan.model import Resource

PLACES: Final = ("assistants", "campaigns", "tool_templates", "workflows")


def in_texts(resource: Resource, view: View, what: What, advice: str) -> Iterator[Hit]:
    """Yield each place of a text that holds *what*, masked."""
    for text, datum in view.once(_people, resource):
        if datum.what is what:
            yield Hit(f"{datum.masked} looks like {what}. {advice}", text.path, datum.line, datum.column)


def _people(resource: Resource, view: View) -> list[tuple[Text, Datum]]:
    if not may_hold_one(view.as_one(resource, None)):
        return []
    return [(text, datum) for text in view.texts(resource) for datum in people_in(text.text)]
