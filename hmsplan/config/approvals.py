"""``approvals.yaml``: consent to risks, given and reviewed in git."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hmsplan.config import schema
from hmsplan.config.blocks import undeclared
from hmsplan.config.confined import APPROVALS_FILE
from hmsplan.config.settings import check_file
from hmsplan.model import Address, Approval, Diagnostic, Risk, Severity

if TYPE_CHECKING:
    from collections.abc import Collection

    from hmsplan.config.document import Document
    from hmsplan.config.problems import Problems

_OF_DELETES: Final = frozenset({Risk.DELETE, Risk.OVERRIDE, Risk.UNPROVEN})


def read_approvals(document: Document | None, written: Collection[Address], problems: Problems) -> tuple[Approval, ...]:
    """Return the approvals, or add what is wrong with them to *problems*; *written* are all declared addresses."""
    if document is None:
        return ()
    if found := check_file(document, schema.APPROVALS, APPROVALS_FILE):
        problems += found
        return ()
    listed = document.root().child("approvals") if document.value else None
    approvals: dict[tuple[str, str], Approval] = {}
    for node in listed.items() if listed is not None and listed.value else ():
        entry = node.value
        risk, _, address = entry["allow"].partition(":")
        approval = Approval(
            Risk(risk), Address.parse(address), entry["change"], entry["reason"], entry["expires"], node.source
        )
        first = approvals.setdefault((approval.allows, approval.change), approval)
        if first is not approval:
            detail = f"{approval.allows} is approved for the same change at {first.source}. Keep one of the two."
            problems.append(Diagnostic("Repeated entry", detail, approval.source, approval.address))
        elif approval.risk not in _OF_DELETES and approval.address not in written:  # what is deleted is not declared
            unknown = undeclared(approval.address, written, approval.source, "The approval is for")
            problems.append(replace(unknown, severity=Severity.WARNING))
    return tuple(approvals.values())
