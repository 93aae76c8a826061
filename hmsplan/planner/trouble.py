"""What the platform finds wrong with a managed object, and no change of the stack would fix. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.model import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.kinds import Kinds
    from hmsplan.model import Address, Binding, Snapshot, Stack


def troubles(
    stack: Stack, bindings: Mapping[Address, Binding], snapshot: Snapshot, kinds: Kinds = KINDS
) -> Iterator[Diagnostic]:
    """Yield a warning for each: it is a status, so neither a change nor drift."""
    for address, binding in sorted(bindings.items()):
        kind, live = kinds[address.kind], snapshot.get(address.kind, binding.id)
        if kind.trouble is not None and live is not None:
            resource = stack.resources.get(address)
            source = resource.source if resource is not None else None
            for _, summary, detail, _ in kind.trouble(live.fields):
                yield Diagnostic(summary, f"{address}: {detail}", source, address, severity=Severity.WARNING)
