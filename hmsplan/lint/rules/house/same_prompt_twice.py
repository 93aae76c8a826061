"""One prompt that stands in two places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource

_LEAST: Final = 200
"""Characters; a shorter text may well be the same."""


def _check_all(view: View) -> Iterator[Hit]:
    first: dict[str, tuple[Resource, FieldPath]] = {}
    for resource in view.stack.resources.values():
        for text in view.prompts(resource):
            if len(text.text) < _LEAST:
                continue
            twin, path = first.setdefault(text.text.strip(), (resource, text.path))
            if (twin is resource and path == text.path) or resource.locate is None or twin.locate is None:
                continue
            other, line = twin.locate(path, 1), resource.locate(text.path, 1)
            if other.file == line.file and not line.file.endswith((".yaml", ".yml")):
                continue  # one file that both name
            if other != line:
                copied = f"It is word for word that of {twin.address}, at {other}."
                detail = f"{copied} Put it into one file, and name it in both."
                yield Hit(detail, text.path, address=resource.address, source=line)


_PROMPT: Final = "You answer the phone of a dental practice. Ask one question at a time, and repeat each date. " * 3
_STACK: Final = """
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "%s"}]}
  night:
    name: Night
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "%s"}]}
"""

RULE: Final = Rule(
    id="same-prompt-twice",
    group=Group.HOUSE,
    title="Prompt stands in two places",
    severity=Severity.INFO,
    why="Of two copies of a prompt, sooner or later only one is corrected, and callers hear the other.",
    bad=_STACK % (_PROMPT, _PROMPT),
    good=f"{_STACK % (('${file:desk.md}',) * 2)}# file: desk.md\n{_PROMPT}\n",
    check_all=_check_all,
)
