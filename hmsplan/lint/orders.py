"""What a prompt tells the model to do with the call. Pure.

Only plain orders are found: "say goodbye and end the call", not "callers may end the call", nor "never end the call".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HANG_UP: Final = (
    *("end the call", "end the conversation", "terminate the call", "disconnect the call", "hang up"),
    *("beëindig het gesprek", "verbreek de verbinding", "hang op", "hang dan op"),
    *("beende das gespräch", "beenden sie das gespräch", "beende den anruf", "beenden sie den anruf"),
    *("termine l'appel", "terminez l'appel", "mets fin à l'appel", "mettez fin à l'appel"),
    *("termina la llamada", "finaliza la llamada", "termine la llamada", "finalice la llamada"),
)
TRANSFER: Final = (
    *("transfer the call", "transfer them", "transfer the customer", "transfer the patient", "transfer the client"),
    *("verbind door", "verbind dan door", "verbind de beller door", "verbind hen door", "verbind ze door"),
    *("verbinde den anrufer", "verbinden sie den anrufer", "leite den anruf weiter", "leiten sie den anruf weiter"),
    *("transfère l'appel", "transférez l'appel", "transfiere la llamada", "transfiera la llamada"),
)
_AN_ORDER: Final = re.compile(
    r"(?:^|[\n.!?:;,\u2013\u2014-]|\b(?:and|then|politely|immediately|please|you(?: can| may| should| must| will)?"
    r"|en|dan|und|dann|et|puis|y|luego))[ \t*•\"']*$"
)
_UNSURE: Final = re.compile(
    r"\b(?:no|not|never|cannot|don't|can't|won't|without|niet|nooit|geen|zonder|nicht|nie|niemals|kein|keine|ne|pas|jamais"
    r"|nunca|sin|callers|customers|people|they)\b|\bn'"
)
"""The order is denied, or it is others who do it."""
_SENTENCE: Final = re.compile(r"[.!?\n]")
_NEAR: Final = 200


def orders(text: str, phrases: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield each of *phrases*, which are in small letters, that *text* has as an order, with its offset."""
    small = text.lower()
    if len(small) != len(text):  # a letter that has no small form of one letter; offsets would be wrong
        small = text
    for phrase in phrases:
        at = small.find(phrase)
        while at >= 0:
            before = _SENTENCE.split(small[max(0, at - _NEAR) : at])[-1]
            starts = at == 0 or not before.strip() or _AN_ORDER.search(before)
            if starts and not _UNSURE.search(before) and not small[at + len(phrase) : at + len(phrase) + 1].isalpha():
                yield text[at : at + len(phrase)], at
                break
            at = small.find(phrase, at + 1)
