"""Phone numbers as people, spreadsheets and programs write them. Pure.

A machine dials these numbers, so none is repaired: what is taken off is decoration, and the digits that are left are
the digits that were written. Whatever else stands in a number is a mistake that is named, not guessed away.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from hmsplan.text import wording

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_WHOLE: Final = re.compile(r"\+[1-9][0-9]{4,12}([0-9]{2})(?![0-9])")
_SPACES: Final = "\t\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DASHES: Final = "\\-\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_DIRECTION: Final = "\u061c\u200e\u200f\u202a-\u202d\u2066-\u2069"
"""What telephones put around a copied number. U+202E is none of them: it shows the digits in another order."""
_DECORATION: Final = re.compile(f"[.(){_SPACES}{_DASHES}{_DIRECTION}]")
_INTERNATIONAL: Final = re.compile(r"(?:\+|00)([1-9][0-9]{6,14})")
_TRUNK: Final = re.compile(rf"\([{_SPACES}]*0[{_SPACES}]*\)")
_DECIMALS: Final = re.compile(r"[0-9][.,](?:0+|[0-9])$")
_LONGEST_CODE: Final = 3
_LONGEST_READ: Final = 80
"""Characters of a text in which the cause is looked for; a number with all its decoration is shorter."""

_CAUSES: Final = (
    (
        re.compile(r"^[+-]?[0-9][.,]?[0-9]*[eE][+-]?[0-9]+$"),
        "A spreadsheet rounded it, as Excel does: digits are lost. Format the column as text and fill it in again.",
    ),
    (
        _DECIMALS,
        "A program took the column for decimal numbers, as pandas and Excel do. Export the column as text.",
    ),
    (
        re.compile(r"^#"),
        "That is what a spreadsheet shows instead of a value. Widen or fix the column, and export again.",
    ),
    (re.compile(r"^="), "It is a formula. Export the values of the column."),
    (
        re.compile(r"[0-9].*[\n\r+]|^00.*[^0-9]00[1-9]"),
        "More than one number stands there. Write one number.",
    ),
    (
        re.compile(r"(?i)[0-9]\W*(?:;?ext|x[ .:]*[0-9]|#|toestel|tst|durchwahl|poste|anexo)"),
        "It has an extension, which cannot be dialled. Write the number alone.",
    ),
    (
        re.compile(r"[/|&\\]"),
        "A slash stands for a second number or extension. Write one whole number.",
    ),
    (
        re.compile(r"[,;*#]"),
        "What follows is a second number, or keys to press after the call is answered. Write one plain number.",
    ),
    (
        re.compile(r"^(?=.*[OoIl])\W*(?:[0-9OoIl]\W*)+$"),
        "It holds a letter that looks like a digit: O for 0, l or I for 1. Write the digit.",
    ),
    (re.compile(r"[^\W\d_]"), "It holds letters. Words belong in a column of their own."),
    (
        re.compile(r"\u202e"),
        "It holds the mark U+202E, which shows the digits in another order. Type the number again.",
    ),
)


def bare(text: str) -> str:
    """Return a number in E.164: without spaces, dashes, dots, parentheses, and with + for 00.

    A text with anything else in it, or without a country code, stays as it is. Idempotent.
    """
    if E164.fullmatch(text):
        return text
    stripped = text.strip()
    if _DECIMALS.search(stripped):
        return text
    digits = _digits(stripped)
    if digits is None:
        return text
    if _TRUNK.search(stripped) is None:
        return f"+{digits}"
    without = _digits(_TRUNK.sub("", stripped, count=1))
    return f"+{without}" if without is not None and _is_trunk_zero(f"+{digits}", f"+{without}") else text


def why_not(text: str) -> str:
    """Say why *text* is not a number in E.164 that could be dialled, and what to do; "" when it is one."""
    if E164.fullmatch(text):
        return _impossible(text)
    if not text.strip():
        return "It is empty."
    about = wording.shown(text.strip())
    return f"{about} is not a phone number with a country code, such as +31850835037. {_unreadable(text.strip())}"


def masked_in(text: str) -> str:
    """Return *text* with the last two digits of each number in E.164 in its place: ``…37``."""
    return _WHOLE.sub(r"…\1", text)


def _digits(text: str) -> str | None:
    match = _INTERNATIONAL.fullmatch(_DECORATION.sub("", text.removeprefix("'")))
    return match[1] if match else None


def _is_trunk_zero(written: str, without: str) -> bool:
    """Say whether the 0 in parentheses is dialled inside the country only, as in +31 (0)20 and not in +39 (0)6."""
    return dialled(written) == without


def dialled(number: str) -> str:
    """Return what the numbering plans make of a number in E.164: without a trunk prefix, for one."""
    import phonenumbers  # noqa: PLC0415 -- slow to import, and a stack may declare no number

    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return number


def _impossible(number: str) -> str:
    code = _calling_code(number)
    if not code:
        return f"{number} is not a possible phone number: no country has a code with which it begins."
    national = number[1 + len(code) :]
    wrong = _wrong_length(code, len(national))
    other = dialled(number) if wrong or national.startswith("0") else number
    if not wrong and other == number:
        return ""
    if national.startswith("0") and other != number:
        wrong = f"the 0 after the country code {code} is dialled inside the country only"
    guess = f" Did you mean {other}?" if other != number and not _impossible(other) else ""
    return f"{number} is not a possible phone number: {wrong}.{guess}"


def _calling_code(number: str) -> str:
    """Return the digits of the country; "" when there is no such country."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as KNOWN  # noqa: PLC0415 -- as in ``dialled``

    codes = (number[1 : 1 + length] for length in range(1, _LONGEST_CODE + 1))
    return next((code for code in codes if int(code) in KNOWN), "")


@cache
def _wrong_length(code: str, length: int) -> str:
    """Say what is wrong with so many digits after a country code; "" when numbers of that length are possible."""
    import phonenumbers  # noqa: PLC0415 -- as in ``dialled``
    from phonenumbers import ValidationResult as Is  # noqa: PLC0415

    number: PhoneNumber = phonenumbers.PhoneNumber(country_code=int(code), national_number=int("1" * length))
    match phonenumbers.is_possible_number_with_reason(number):
        case Is.IS_POSSIBLE:
            return ""
        case Is.IS_POSSIBLE_LOCAL_ONLY:
            return f"the area code is missing between the country code {code} and its {length} digits"
        case Is.TOO_SHORT:
            return f"{length} digits after the country code {code} are too few"
        case Is.TOO_LONG:
            return f"{length} digits after the country code {code} are too many"
        case _:
            return f"no number of the country code {code} has {length} digits"


def _unreadable(text: str) -> str:
    if len(text) > _LONGEST_READ:
        return f"It has {len(text):,} characters. Write one number."
    for pattern, cause in _CAUSES:
        if pattern.search(text):
            return cause
    left = _DECORATION.sub("", text.removeprefix("'"))
    if strange := next((character for character in left if character not in "+0123456789"), None):
        named = unicodedata.name(strange, "a character without a name")
        return f"It holds U+{ord(strange):04X} ({named}), which is not part of a number. Type the number again."
    return _without_country(left, text)


def _without_country(left: str, text: str) -> str:
    if _TRUNK.search(text) and _INTERNATIONAL.fullmatch(left):
        return "The 0 in parentheses is dialled from some countries and not from others. Write the number without them."
    if left.startswith(("+", "00")):
        return "An international number has 7 to 15 digits after the + or 00, and the first is not 0."
    if left.startswith("0"):
        return "It begins as numbers do inside a country. Write it as it is dialled from abroad."
    return f"No + stands in front; a spreadsheet takes it off. If it begins with the country code, write +{left}."
