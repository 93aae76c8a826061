"""Columns of leads that say whether a person agreed to be called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_REFUSAL: Final = re.compile(
    r"opt[-_ ]?out|do[-_ ]?not[-_ ]?call|\bdnc\b|unsubscribed|no[-_ ]calls|niet[-_ ]bellen|nicht[-_ ]anrufen"
    r"|ne[-_ ]pas[-_ ]appeler|bloctel|robinson",
    re.IGNORECASE,
)
_CONSENT: Final = re.compile(
    r"consent|opt[-_ ]?in|permission|agreed|toestemming|akkoord|einwilligung|zustimmung|consenso|consentimiento"
    r"|consentimento|samtyc?k|zgoda|gdpr|dsgvo|rgpd|\bavg\b",
    re.IGNORECASE,
)
_NO: Final = frozenset(
    {"no", "n", "false", "0", "nee", "nein", "non", "não", "nie", "nej", "nei", "ei", "refused", "withdrawn"}
)
_YES: Final = frozenset({"yes", "y", "true", "1", "ja", "j", "oui", "sí", "si", "sì", "sim", "tak"})


def consent_columns(columns: Iterable[str]) -> Sequence[str]:
    """Return the names that look as if they said that a person agreed."""
    return [name for name in columns if _CONSENT.search(name) and not _REFUSAL.search(name)]


def refusal_columns(columns: Iterable[str]) -> Sequence[str]:
    """Return the names that look as if they said that a person must not be called."""
    return [name for name in columns if _REFUSAL.search(name)]


def is_no(value: object) -> bool:
    """Say whether a cell is a plain no."""
    return isinstance(value, str) and value.strip().lower() in _NO


def is_yes(value: object) -> bool:
    """Say whether a cell is a plain yes."""
    return isinstance(value, str) and value.strip().lower() in _YES
