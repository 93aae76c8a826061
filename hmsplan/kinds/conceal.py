"""The walk that hides what no schema names: a secret by the name of its field, a credential by its form. Pure.

It lies below the planner because the digest of a delete is made of the object as it is shown: a plan against a saved
snapshot, which holds no secret, has the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from hmsplan.model import Secret
from hmsplan.secrets.detect import HEADERS, hidden, sounds_secret

if TYPE_CHECKING:
    from hmsplan.kinds.kind import Kind
    from hmsplan.model import Spec

T = TypeVar("T")


def concealed(kind: Kind, fields: Spec) -> Spec:
    """Return live *fields* with no secret in them.

    The keys of user-owned JSON are the user's and say nothing.
    """
    found: Spec = _hidden(fields, frozenset(path[-1] for path in kind.atomic), below=False)
    return found


def without_credentials(value: T) -> T:
    """Return *value* with "(sensitive value)" in the place of each credential of a text; shares what holds none."""
    found: T = _hidden(value, None, below=False)
    return found


def _hidden(value: Any, free: frozenset[str | int] | None, *, below: bool) -> Any:
    """Return *value* without what gives a secret away.

    Args:
        value: any value of a field.
        free: the keys below which names say nothing; None where none says anything.
        below: it stands below a name that sounds like a secret's.
    """
    if isinstance(value, str):
        return Secret(Secret.LIVE) if below and value else hidden(value)
    if isinstance(value, Mapping):
        items = {}
        for key, item in value.items():
            inner = None if free is None or key in free else free
            items[key] = _hidden(item, inner, below=inner is not None and (below or _hides(key)))
        return items if any(items[key] is not item for key, item in value.items()) else value
    if isinstance(value, list):
        each = [_hidden(item, free, below=below) for item in value]
        return each if any(new is not old for new, old in zip(each, value, strict=True)) else value
    return Secret(Secret.LIVE) if free is not None and isinstance(value, Secret) else value


def _hides(key: object) -> bool:
    return key == HEADERS or sounds_secret(key)
