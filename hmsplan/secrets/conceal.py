"""Secrets in what is live that no schema names: what only its name, or its place in a URL, gives away. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from hmsplan.model import Secret
from hmsplan.secrets.masks import sounds_secret

if TYPE_CHECKING:
    from collections.abc import Collection

    from hmsplan.kinds import Kind
    from hmsplan.model import Spec, Value

_HEADERS: Final = "headers"
_LOGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s]*:[^/?#\s]*@", re.IGNORECASE)
_QUERY: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s?#]*[?#](\S+)", re.IGNORECASE)
_PARAMETER: Final = re.compile(r"(?:^|[&;])([^=&;]*)=[^&;]")
_SIGNED: Final = re.compile(r"sig|signature|key|auth|code|pwd|pass", re.IGNORECASE)


def concealed(kind: Kind, fields: Spec, known: Collection[str] = ()) -> Spec:
    """Return live *fields* with no secret in them.

    The keys of user-owned JSON are the user's and say nothing. A URL that carries a password or a token is one secret,
    unless it is among the *known*: it stands in git or in the state.
    """
    free = frozenset(path[-1] for path in kind.atomic)
    return {
        key: value if key in free else _concealed(value, free, known, hidden=_hides(key))
        for key, value in fields.items()
    }


def _hides(key: object) -> bool:
    return key == _HEADERS or sounds_secret(key)


def _concealed(value: Value, free: frozenset[str | int], known: Collection[str], *, hidden: bool) -> Value:
    """*hidden*: it stands below a name that sounds like a secret's."""
    if isinstance(value, Mapping):
        return {
            key: item if key in free else _concealed(item, free, known, hidden=hidden or _hides(key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_concealed(item, free, known, hidden=hidden) for item in value]
    if isinstance(value, str) and value:
        return Secret(Secret.LIVE) if hidden or (carries_secret(value) and value not in known) else value
    return Secret(Secret.LIVE) if isinstance(value, Secret) else value


def carries_secret(text: str) -> bool:
    """Say whether *text* is a URL with a password before its host, or with a parameter that sounds like a secret."""
    if _LOGIN.match(text):
        return True
    query = _QUERY.fullmatch(text)
    return query is not None and any(
        sounds_secret(name) or _SIGNED.fullmatch(name) for name in _PARAMETER.findall(query[1])
    )
