"""What a value gives away that no schema names: by the name of its field, or in a URL. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hmsplan.model import Secret
from hmsplan.secrets.detect import sounds_secret
from hmsplan.secrets.urls import hidden

if TYPE_CHECKING:
    from hmsplan.kinds import Kind
    from hmsplan.model import Spec, Value

T = TypeVar("T")

_HEADERS: Final = "headers"


def concealed(kind: Kind, fields: Spec) -> Spec:
    """Return live *fields* with no secret in them.

    The keys of user-owned JSON are the user's and say nothing.
    """
    free = frozenset(path[-1] for path in kind.atomic)
    return {
        key: without_credentials(value) if key in free else _concealed(value, free, below=_hides(key))
        for key, value in fields.items()
    }


def _hides(key: object) -> bool:
    return key == _HEADERS or sounds_secret(key)


def _concealed(value: Value, free: frozenset[str | int], *, below: bool) -> Value:
    """*below*: it stands below a name that sounds like a secret's."""
    if isinstance(value, Mapping):
        return {
            key: without_credentials(item) if key in free else _concealed(item, free, below=below or _hides(key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_concealed(item, free, below=below) for item in value]
    if isinstance(value, str) and value:
        return Secret(Secret.LIVE) if below else hidden(value)
    return Secret(Secret.LIVE) if isinstance(value, Secret) else value


def without_credentials(value: T) -> T:
    """Return *value* with "(sensitive value)" in the place of each credential of a text; shares what holds none."""
    found: Any = value
    if isinstance(value, str):
        found = hidden(value)
    elif isinstance(value, Mapping):
        items = {key: without_credentials(item) for key, item in value.items()}
        found = items if any(items[key] is not item for key, item in value.items()) else value
    elif isinstance(value, list):
        each = [without_credentials(item) for item in value]
        found = each if any(new is not old for new, old in zip(each, value, strict=True)) else value
    return found  # type: ignore[no-any-return]  # of the same type as it came
