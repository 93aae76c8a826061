"""Warns of what a declared resource shows to more people than it should. Pure.

A credential in a URL or in a text is an ordinary value: it stands in git, everybody who can read the object reads it,
and so does every system that logs addresses on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.model import Diagnostic, Severity, Topic, dotted, leaves
from hmsplan.secrets.detect import credentials, may_hold_one, sounds_secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hmsplan.kinds import Kind
    from hmsplan.model import FieldPath, Spec, Value

_OPEN: Final = "Credential in a readable field"
_URLS: Final = frozenset({"url", "webhook_url"})
_IN_TOOLS: Final = "server: {url: …, secret: ${secret:name}} of the tool"
_IN_WEBHOOK: Final = "webhook_secret: ${secret:name}"


def exposed(kind: Kind, spec: Spec, pasted: Collection[FieldPath] = ()) -> Iterator[Diagnostic]:
    """Yield a warning, without a line, of each credential in a readable field.

    What was *pasted* from a template is warned of at the template.
    """
    for path, leaf in _worth_a_look(spec):
        if any(path[: len(each)] == each for each in pasted):
            continue
        if credentials(leaf):
            yield _warning(_in_the_open(kind, path), path)
    for name in sorted(kind.write_only & spec.keys()):
        for path, leaf in leaves(spec[name], (name,)):
            if isinstance(leaf, str) and sounds_secret(path[-1]):
                detail = (
                    f"{dotted(path)} sounds like the name of a secret. It is in git, and plans show it: {name} is for "
                    "settings. A key goes into a field that takes ${secret:name}."
                )
                yield _warning(detail, path)


def _worth_a_look(block: Mapping[str, Value] | list[Value], at: FieldPath = ()) -> list[tuple[FieldPath, str]]:
    """Return, quickly, the texts in *block* that may be a URL or hold a credential, with their paths."""
    found: list[tuple[FieldPath, str]] = []
    for key, value in block.items() if isinstance(block, dict) else enumerate(block):
        kind = type(value)
        if kind is str:
            if key in _URLS or may_hold_one(value):
                found.append(((*at, key), value))
        elif kind is dict or kind is list:
            found += _worth_a_look(value, (*at, key))
    return found


def _in_the_open(kind: Kind, path: FieldPath) -> str:
    seen = (
        f"{dotted(path)} holds what looks like a password or a token. It is in git, anyone who may read the "
        f"{kind.singular} reads it, and hmsplan shows (sensitive value) in its place."
    )
    if path[-1] not in _URLS:
        return f"{seen} Take it out, and give it to the tool that needs it: {_IN_TOOLS}, which goes into a header."
    better = _IN_WEBHOOK if path == ("webhook_url",) else _IN_TOOLS
    return f"{seen} Let the receiver check the header that is signed with a secret instead: {better}."


def _warning(detail: str, path: FieldPath) -> Diagnostic:
    return Diagnostic(_OPEN, detail, path=path, severity=Severity.WARNING, topic=Topic.READABLE_CREDENTIAL)
