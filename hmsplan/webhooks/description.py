"""What the four events and their answers look like: read from the shipped description of the API. Pure.

``hmsplan/openapi/openapi.json`` has headers and bodies; the entry ``webhooks`` of ``rules.json`` beside it has what the
rest of the documentation says. The emulator reads the same two files, with code of its own.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from hmsplan.config.requests import event_schema
from hmsplan.kinds.api_rules import shared
from hmsplan.text import strict_json, wording
from hmsplan.webhooks.case import WebhookEvent
from hmsplan.webhooks.signing import EVENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


def answer_within_s(event: WebhookEvent) -> float:
    """Return how long the platform waits for the answer to an event, in seconds."""
    seconds: float = _facts(event)["answer_within_s"]
    return seconds


def may_be_empty(event: WebhookEvent) -> bool:
    """Say whether an answer without a body is one."""
    return bool(_facts(event).get("may_be_empty")) or not forms(event)


def forms(event: WebhookEvent) -> Sequence[Mapping[str, Any]]:
    """Return the forms of the answer to an event, the one that is recommended first; none = it is ignored."""
    found: Sequence[Mapping[str, Any]] = _facts(event).get("answers", ())
    return found


def form_of(event: WebhookEvent, answer: Any) -> Mapping[str, Any]:
    """Return the form that an answer is meant to have."""
    found = forms(event)
    keys = answer.keys() if isinstance(answer, dict) else ()
    return next(form for form in found if form.get("key") in keys or "key" not in form)


def payload_schema(event: WebhookEvent) -> dict[str, Any]:
    """Return the JSON Schema of the body of an event."""
    found = event_schema(event)
    message = found["properties"]["message"]
    required = [*message["required"], *shared()["webhooks"]["always"], *_facts(event).get("always", ())]
    return {**found, "properties": {"message": {**message, "required": required}}}


def answer_schema(event: WebhookEvent) -> dict[str, Any]:
    """Return the JSON Schema of the answer to an event: of any form that the platform takes."""
    found = [{**form["schema"], **_with(form), "title": form["form"]} for form in forms(event)]
    return {"anyOf": found} if found else {}


def _with(form: Mapping[str, Any]) -> dict[str, Any]:
    return {"required": [form["key"]]} if "key" in form else {}


def payload_problems(event: WebhookEvent, body: Any) -> Iterator[str]:
    """Yield why *body* is not that of an event."""
    for error in _validator(event).iter_errors(body):
        yield f"{'.'.join(map(str, error.instance_path)) or 'the body'}: {error.message}"


def event_problems(headers: Iterable[tuple[str, str]], body: bytes) -> Iterator[str]:
    """Yield why a request is not one of the platform's, its signature apart."""
    named = [value for name, value in headers if name.lower() == EVENT.lower()]
    if len(named) != 1 or named[0] not in [str(each) for each in WebhookEvent]:
        yield f"{EVENT} is not one of {wording.listed(map(str, WebhookEvent))}"
        return
    try:
        value = strict_json.read(body)
    except strict_json.NotJson as error:
        yield f"the body is not JSON: {error}"
        return
    yield from payload_problems(WebhookEvent(named[0]), value)


@cache
def _validator(event: WebhookEvent) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(payload_schema(event), validate_formats=True)


def _facts(event: WebhookEvent) -> Mapping[str, Any]:
    found: Mapping[str, Any] = shared()["webhooks"]["events"][event]
    return found
