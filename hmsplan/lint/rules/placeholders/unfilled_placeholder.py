"""A placeholder that people hear who were not called from a list: there are no leads to fill it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.texts import Role
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.texts import Text
    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_OUTBOUND: Final = frozenset({"voicemail_message", "first_message_outbound"})


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    texts = [text for text in view.texts(assistant) if "{{" in text.text]
    if not texts or "assistant-request" in (assistant.spec.get("webhook_events") or ()):
        return  # the webhook may answer with other texts
    calls = bool(placeholders.campaigns_of(assistant, view))
    answers = any(user.address.kind == "numbers" for user in view.users(assistant.address))
    for text in texts:
        if placeholders.is_inbound(text) or (answers and _is_heard(text, calls)):
            for name, offset in placeholders.doubled(text.text):
                if placeholders.is_name(name):
                    yield Hit(_detail(name, text, calls), text.path, *text.place(offset))


def _is_heard(text: Text, calls: bool) -> bool:
    """Say whether people hear it who call in; what is said in calls of both kinds is told only where it is spoken."""
    return text.path[-1] not in _OUTBOUND and (not calls or text.path == ("first_message",))


def _detail(name: str, text: Text, calls: bool) -> str:
    if placeholders.is_inbound(text):
        return f"Consent is asked of people who call in, and they have no {{{{{name}}}}}: only leads do."
    if calls:
        better = "Greet leads in speech_config.first_message_outbound, and callers here without it."
        return f"A number answers with this assistant too, and its callers have no {{{{{name}}}}}. {better}"
    heard = "" if text.role is Role.SPOKEN else ", so the model reads it as it stands"
    return (
        f"Only leads of a campaign have variables, and no campaign of this stack calls with this assistant: nothing "
        f"fills in {{{{{name}}}}}{heard}. Take it out, or write ${{var:{name}}} for a value of the stack."
    )


RULE: Final = Rule(
    id="unfilled-placeholder",
    group=Group.PLACEHOLDERS,
    title="Placeholder in an assistant that answers",
    severity=Severity.WARNING,
    why="A person who calls in is not on a list of leads, so the name between the braces is read to them as it stands.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "Hello {{first_name}}, how can I help?"}
numbers:
  main: {phone_number: "+31201234567", agent_id: "${assistants.desk}"}
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "Hello, how can I help?"}
numbers:
  main: {phone_number: "+31201234567", agent_id: "${assistants.desk}"}
""",
    kinds=("assistants",),
    check=_check,
    marks="{",
    source="API behaviour, 7: {{variable}} in campaign messages",
)
