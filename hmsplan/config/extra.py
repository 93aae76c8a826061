"""``extra``: fields that the API has and the schemas have not. They are sent, and compared, as they are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config import schema
from hmsplan.kinds import A_KIND
from hmsplan.model import Diagnostic, Severity
from hmsplan.secrets.detect import sounds_secret
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.kinds import Kind
    from hmsplan.model import FieldPath, Spec

EXTRA: Final = "extra"
"""The field of a resource that holds them."""


def misplaced(kind: Kind, extra: Any) -> Iterator[Diagnostic]:
    """Yield an error, without a line, of each key that does not belong in *extra*, if that is a block at all."""
    for key in extra if isinstance(extra, Mapping) else ():
        if reason := _reason(kind, str(key)):
            yield Diagnostic("Not an extra field", reason, path=(EXTRA, key))
        else:
            yield from _secrets(extra[key], (EXTRA, key))


def _reason(kind: Kind, key: str) -> str:
    owner = A_KIND[kind.name]
    if key in schema.fields(kind.name):
        return f"{key} is a field that hmsplan knows of {owner}. Write it one level up, beside {EXTRA}."
    if key in kind.aliases:
        return f"{key} is another name of {kind.aliases[key]}. Write {kind.aliases[key]} one level up, beside {EXTRA}."
    if key in kind.computed:
        return f"{key} is set by the platform and cannot be declared. Take the line out."
    return ""


def _secrets(value: Any, path: FieldPath) -> Iterator[Diagnostic]:
    """Yield an error of each name, at any depth, under which a secret would stand."""
    if sounds_secret(path[-1]):
        detail = (
            f"{path[-1]} sounds like the name of a secret. What stands under {EXTRA} is shown in plans and kept in the "
            "state as it is, so no secret can stand there. Set it in the dashboard until hmsplan knows the field."
        )
        yield Diagnostic("Secret in a readable field", detail, path=path)
        return
    for key, item in value.items() if isinstance(value, Mapping) else ():
        yield from _secrets(item, (*path, key))
    for index, item in enumerate(value) if isinstance(value, list) else ():
        yield from _secrets(item, (*path, index))


def unknown(kind: Kind, extra: Spec) -> Iterator[Diagnostic]:
    """Yield the one warning, without a line, of what hmsplan knows nothing of."""
    if not extra:
        return
    one = len(extra) == 1
    detail = f"{wording.listed(map(str, extra))}: not known to hmsplan; sent as {'it is' if one else 'they are'}."
    guesses = ((key, wording.nearest(str(key), schema.fields(kind.name))) for key in extra)
    for key, guess in guesses:
        detail += f" If {key} was meant to be {guess}, write {guess} beside {EXTRA}." if guess else ""
    yield Diagnostic("Extra field" if one else "Extra fields", detail, path=(EXTRA,), severity=Severity.WARNING)


def unlisted(kind: Kind, spec: Spec) -> Iterator[Diagnostic]:
    """Yield a warning, without a line, of each item that its schema does not list in a list that the API may extend."""
    for name, known in _open_lists(kind.name):
        items = spec.get(name)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, str) and item not in known:
                guess = wording.did_you_mean(item, known)
                detail = f"{wording.shown(item)} is not known to hmsplan; sent as it is.{guess}"
                more = "" if guess else f" Known are {wording.listed(known)}."
                yield Diagnostic("Unknown value", detail + more, path=(name, index), severity=Severity.WARNING)


@cache
def _open_lists(kind: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the fields that hold such lists, with what is known of each."""
    found = ((name, field.get("x-hms-known")) for name, field in schema.fields(kind).items())
    return tuple((name, tuple(known)) for name, known in found if known)
