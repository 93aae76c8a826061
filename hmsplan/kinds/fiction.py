"""Telephone numbers that regulators keep for films and examples: no person has them.

Dated data, read on 2026-11-30.
"""

from __future__ import annotations

import re
from typing import Final

_UNITED_KINGDOM: Final = r"\+44(?:(?:11[3-8]|121|131|141|151|161)4960|207946[0-9]|1914980|1632960|7700900)[0-9]{3}"
"""Ofcom, telephone numbers for use in TV and radio drama programmes."""
_GERMANY: Final = r"\+49(?:3023125|6990009|4066969|2214710|8999998)[0-9]{3}|\+4917(?:139200|6040690)[0-9]{2}"
"""Bundesnetzagentur, Mitteilung 148/2021, Amtsblatt 7/2021: Rufnummern für Medienproduktionen."""
_NORTH_AMERICA: Final = r"\+1[2-9][0-9]{2}55501[0-9]{2}"
"""NANPA: line numbers 555-0100 to 555-0199."""
_SWEDEN: Final = r"\+467017406[0-9]{2}"
"""PTS, telefonnummer för böcker, filmer och reklam: mobiles."""
_OURS: Final = r"\+31850000[0-9]{3}"
"""The numbers of the examples of this tool."""
_FICTION: Final = re.compile(f"{_UNITED_KINGDOM}|{_GERMANY}|{_NORTH_AMERICA}|{_SWEDEN}|{_OURS}")

CALLER: Final = "+447700900123"
"""Who calls, in what is made up to test something."""
CALLED: Final = "+442079460123"
"""Who is called there."""


def is_fiction(number: str) -> bool:
    """Say whether a number in E.164 is kept for fiction."""
    return _FICTION.fullmatch(number) is not None
