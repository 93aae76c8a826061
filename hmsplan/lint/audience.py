"""Whom an assistant talks to: the people who call it, and those whom it calls. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_UNION: Final = re.compile(r"\+(?:3[0-469]|35[1-36-9]|37[0-2]|38[56]|4[0356-9]|42[01])")
"""Calling codes of the 27 members of the European Union. ITU-T E.164, list of assigned codes, 2026; +43 is Austria."""
_TALKING: Final = frozenset({"numbers", "campaigns", "workflows"})


def answers(assistant: Resource, view: View) -> bool:
    """Say whether a number of the stack is answered by it."""
    return any(user.address.kind == "numbers" for user in view.users(assistant.address))


def calls(assistant: Resource, view: View) -> bool:
    """Say whether a campaign of the stack calls people with it."""
    return any(user.address.kind == "campaigns" for user in view.users(assistant.address))


def talks(assistant: Resource, view: View) -> bool:
    """Say whether a number, campaign or workflow of the stack uses it; one that is not active does not count."""
    used = any(user.address.kind in _TALKING for user in view.users(assistant.address))
    return used and assistant.spec.get("is_active") is not False


def in_union(assistant: Resource, view: View) -> bool:
    """Say whether a person in the European Union may be on the line: unless all numbers are of other countries."""
    known = [number for user in view.users(assistant.address) for number in _numbers(user)]
    return not known or any(_UNION.match(number) for number in known)


def _numbers(user: Resource) -> list[str]:
    """Return the number that is answered, or that of the first person who is called."""
    if user.address.kind == "numbers":
        number = user.spec.get("phone_number")
        return [number] if isinstance(number, str) else []
    return [str(lead["phone_number"]) for lead in (user.members or ())[:1]]
