"""What looks at every plan that is made: lint, and the policies of the stack."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hmsplan.model import Secret, Topic, leaves
from hmsplan.secrets.detect import credentials

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from hmsplan.model import Address, Diagnostic, Plan, Stack


def checked(plan: Plan, stack: Stack, root: Path, trust_from: str | None = None) -> Plan:
    """Return *plan* with what lint says of it, if it changes something, and what the policies in *root* deny.

    Args:
        plan: of *stack*.
        stack: as it is read from *root*.
        root: the folder that holds hmsplan.yaml.
        trust_from: the git revision whose policies count; None = those of the working tree.

    Raises:
        ConfigError: lint finds an error in what would be created or changed, unless it is a rollback, whose way back
            no rule may close; a policy cannot be evaluated.
        HmsplanError: the policies cannot be had, or not be evaluated here.
    """
    if plan.pending:
        from hmsplan.operations.lint import with_findings  # noqa: PLC0415 -- only for a plan that changes something

        plan = with_findings(plan, stack, root, only_warn=plan.rollback is not None)
    if has_policies(root, trust_from):
        from hmsplan.operations.policies import with_policies  # noqa: PLC0415 -- only for a stack that has some

        plan = with_policies(plan, stack, root, trust_from)
    return plan


def has_policies(root: Path, trust_from: str | None) -> bool:
    """Say whether policies are asked about a plan, by programs that may take their time."""
    return trust_from is not None or os.path.lexists(root / "policies")


def secret_values(stack: Stack) -> list[str]:
    """Return the values of the secrets that *stack* uses, as far as they are known here."""
    resources = stack.resources.values()
    found = (leaf for each in resources if each.secret_paths for _, leaf in leaves(each.spec))
    return [text for leaf in found if isinstance(leaf, Secret) and isinstance(text := leaf.reveal(), str)]


def readable_credentials(stack: Stack, addresses: Collection[Address]) -> tuple[Diagnostic, ...]:
    """Return the warnings of *stack* that a text of one of *addresses* holds what looks like a credential."""
    return tuple(
        warning
        for warning in stack.warnings
        if warning.topic is Topic.READABLE_CREDENTIAL and warning.address in addresses
    )


def values_to_hide(stack: Stack) -> list[str]:
    """Return what may be shown nowhere: the secrets of *stack*, and what looks like a credential in its texts."""
    return [*secret_values(stack), *_declared_credentials(stack)]


def _declared_credentials(stack: Stack) -> list[str]:
    """Return what looks like a credential in a text of *stack*: of the resources that are warned of."""
    warned = {warning.address for warning in stack.warnings if warning.topic is Topic.READABLE_CREDENTIAL}
    specs = (each.spec for address, each in stack.resources.items() if address in warned)
    texts = (leaf for spec in specs for _, leaf in leaves(spec) if isinstance(leaf, str))
    return list(dict.fromkeys(piece for text in texts for piece in credentials(text)))
