"""Which secrets have to be sent, and of which that is unknown. Pure.

The live value of a secret takes no part: it may be returned, masked or absent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from hmsplan.kinds import KINDS
from hmsplan.model import EMPTY, MISSING, Diagnostic, FieldChange, Secret, Severity
from hmsplan.planner.diff import at_path
from hmsplan.planner.request_body import without
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hmsplan.kinds import Kind, Kinds
    from hmsplan.model import Address, Binding, FieldPath, Resource, ResourceChange, Spec, Stack

NO_KEY: Final = "no HMSPLAN_FINGERPRINT_KEY"
OTHER_KEY: Final = "another HMSPLAN_FINGERPRINT_KEY made the fingerprint"
NEVER_PRINTED: Final = "without HMSPLAN_FINGERPRINT_KEY"


def secret_changes(
    kind: Kind,
    resource: Resource,
    spec: Spec,
    applied: Spec,
    *,
    resend: bool = False,
    unconfirmed: Collection[str] = (),
) -> list[FieldChange]:
    """Find the secrets that have to be sent: never applied, renamed, of another value or version, or asked for.

    *resend* asks for all of them, *unconfirmed* for those in some top-level fields. ``before`` of a secret that is
    merely sent again has the fingerprint of ``after``.
    """
    found = []
    for path, want, known in _secrets(kind, resource, spec, applied):
        same_name = known.get("$secret") == want.name
        mark = known.get("fingerprint")
        is_new = same_name and mark is not None and want.is_like(mark) is False
        is_raised = want.version is not None and known.get("version") != want.version
        if not same_name or is_new or is_raised or resend or path[0] in unconfirmed:
            before = Secret.remembered(known) if known else MISSING
            if same_name and not is_new:
                before = Secret(want.name, None, want.fingerprint, known.get("version"))
            found.append(FieldChange(path, before, want))
    return found


def _secrets(
    kind: Kind, resource: Resource, spec: Spec, applied: Spec
) -> Iterator[tuple[FieldPath, Secret, Mapping[str, Any]]]:
    """Yield each declared secret, and what is remembered of it."""
    for path in resource.secret_paths:
        want, had = at_path(kind, spec, path), at_path(kind, applied, path)
        if isinstance(want, Secret):
            yield path, want, had if isinstance(had, Mapping) and "$secret" in had else EMPTY


def why_again(fields: Iterable[FieldChange], *, resend: bool) -> list[str]:
    """Say for people why secrets are sent that are not known to have changed."""
    sides = [(f.before, f.after) for f in fields if isinstance(f.after, Secret) and isinstance(f.before, Secret)]
    again = {(was.version, now.version) for was, now in sides if was.name == now.name and now.version is not None}
    notes = [
        f"secret_version {'not set' if was is None else was} -> {now}: its secrets are sent again"
        for was, now in sorted(again, key=str)
        if was != now
    ]
    return [*notes, "--resend: its secrets are sent again"] if resend and sides else notes


def wants_resend(resource: Resource, patterns: Iterable[str]) -> bool:
    """Say whether one of the ``--resend`` patterns means *resource*; ``*`` matches anything."""
    return bool(resource.secret_paths) and any(fnmatchcase(str(resource.address), pattern) for pattern in patterns)


def unmatched(stack: Stack, patterns: Iterable[str]) -> list[Diagnostic]:
    """Report each ``--resend`` pattern that means no resource with a secret: a typo would send nothing, silently."""
    having = [str(address) for address, resource in stack.resources.items() if resource.secret_paths]
    known = f" Those that have: {wording.listed(having)}." if having else ""
    return [
        Diagnostic(
            "Nothing to send again",
            f"--resend {pattern}: no declared resource of that address has a secret."
            f"{wording.did_you_mean(pattern, having) or known}",
        )
        for pattern in patterns
        if not any(fnmatchcase(address, pattern) for address in having)
    ]


def unseen(
    stack: Stack, changes: Iterable[ResourceChange], bindings: Mapping[Address, Binding], kinds: Kinds = KINDS
) -> list[Diagnostic]:
    """Warn, once a reason, of the secrets that stay as they are because whether they changed is unknown."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for change in changes:
        resource, binding = stack.resources.get(change.address), bindings.get(change.address)
        if resource is None or binding is None or not resource.secret_paths:
            continue
        sent = {field.path for field in change.fields}
        watched = without(change.after, resource.lifecycle.ignore_changes)
        for path, want, known in _secrets(kinds[change.address.kind], resource, watched, binding.applied):
            if known and path not in sent and (reason := _why_unseen(want, known)):
                found[reason].append(str(change.address))
    return [_warning(reason, found[reason]) for reason in sorted(found)]


def _why_unseen(want: Secret, known: Mapping[str, Any]) -> str:
    mark = known.get("fingerprint")
    if want.fingerprint is None:
        return NO_KEY
    if not isinstance(mark, str):
        return NEVER_PRINTED
    return OTHER_KEY if want.is_like(mark) is None else ""


def _warning(reason: str, addresses: list[str]) -> Diagnostic:
    names = list(dict.fromkeys(addresses))
    what = f"{'a secret' if len(addresses) == 1 else f'{len(addresses)} secrets'} of {wording.listed(names)}"
    if reason is NEVER_PRINTED:
        detail = (
            f"{wording.sentence(what)} went out {reason}, and cannot be compared this once: the next apply takes the "
            "values for the ones that were sent, and from then on a new value is seen. If one is new: "
        )
    else:
        detail = f"Whether {what} changed cannot be seen: {reason}. A new value is sent when you say so: "
    detail += f"add --resend {names[0]}, or raise lifecycle.secret_version."
    return Diagnostic("Secrets not compared", detail, severity=Severity.WARNING)
