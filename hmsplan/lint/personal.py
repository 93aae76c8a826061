"""Data about people in a text: accounts, cards, national numbers, telephones, mail, dates of birth. Pure.

Only what proves itself counts: a checksum, a word beside it that names it, or the form of a person's address. A
value is only ever told masked.
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.kinds.fiction import is_fiction
from hmsplan.lint import words
from hmsplan.lint.speaking import digits_of_lines, lines_with_digits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class What(enum.StrEnum):
    """Which datum it is, as a person would call it."""

    IBAN = "an IBAN"
    CARD = "the number of a payment card"
    NATIONAL = "a national number"
    EMAIL = "the e-mail address of a person"
    MOBILE = "a mobile telephone number"
    BIRTH = "a date of birth"


class Datum(NamedTuple):
    """One datum.

    Attributes:
        column: on its line, from 1.
        masked: as it may be shown.
    """

    what: What
    column: int
    masked: str
    line: int = 1


_LENGTHS: Final = (
    "NL18 BE16 DE22 FR27 ES24 IT27 PT25 PL28 LU20 AT20 CH21 GB22 IE22 DK18 SE24 NO15 FI18 CZ24 SK24 HU28 RO24 GR27 LI21"
    " BG22 HR21 SI19 EE20 LV21 LT20 MT31 CY28 TR26"
)
_IBAN_LENGTHS: Final = {each[:2]: int(each[2:]) for each in _LENGTHS.split()}
_EXAMPLES: Final = frozenset(
    {"NL91ABNA0417164300", "DE89370400440532013000", "BE68539007547034", "GB82WEST12345698765432"}
)
"""What the registry of IBANs and its readers print as examples."""
_TEST_CARDS: Final = re.compile(
    r"4242|4111 ?1111|4012 ?8888|5555 ?5555|5105 ?1051|3782 ?8224|3714 ?4963|6011 ?1111|4000 ?00"
)
"""How the cards begin that card companies give out for tests."""
_IBAN: Final = re.compile(r"\b([A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)\b")
_CARD: Final = re.compile(
    r"(?<![\w+/=.-])((?:[0-9]{4}[ -]?){3}[0-9]{1,7}|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5})(?![\w-])"
)
_CARD_BEGINS: Final = re.compile(r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|6(?:011|5)")
_EMAIL: Final = re.compile(r"\b([A-Za-z]{1,20}[._-][A-Za-z][A-Za-z._-]{1,30})@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_MADE_UP: Final = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost|(?:example|voorbeeld|acme|domain|domein)\.[a-z]{2,3})$"
)
_PHONE: Final = re.compile(r"(?<![\w+])(\+[1-9][0-9](?:[ ().-]{0,2}[0-9]){6,12})(?![0-9])")
_DUTCH_MOBILE: Final = re.compile(r"(?<![\w+./-])(06[ -]?[1-9](?:[ -]?[0-9]){7})(?![\w-])")
_NEAR: Final = r"\W{0,4}(?:[^\W\d]+\W{1,3}){0,3}"


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def _bsn(digits: str) -> bool:
    """The eleven-test of Dutch citizen service numbers."""
    return _weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and int(digits) > 0


def _belgian(digits: str) -> bool:
    """97 minus the first nine digits modulo 97; with a 2 before them for who was born since 2000."""
    return any(97 - int(born + digits[:9]) % 97 == int(digits[9:]) for born in ("", "2"))


def _ssn(digits: str) -> bool:
    """Area, group and number of the Social Security Administration; 900 and up are not given out."""
    return digits[:3] not in {"000", "666"} and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


def _nir(digits: str) -> bool:
    """97 minus the first thirteen digits modulo 97 (Corsican departments have letters, and are passed over)."""
    return 97 - int(digits[:13]) % 97 == int(digits[13:])


def _pesel(digits: str) -> bool:
    return (10 - _weighted(digits[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10) % 10 == int(digits[10])


def _tax_id(digits: str) -> bool:
    """ISO 7064, MOD 11, 10, of the German tax identification number."""
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return digits[0] != "0" and (11 - product) % 10 == int(digits[10])


def _dni(text: str) -> bool:
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


class _National(NamedTuple):
    """A national number.

    Attributes:
        words: of which one stands before it, as a pattern.
        form: of the number, as a pattern; spaces, dots and dashes are taken out before it is checked.
    """

    words: str
    form: str
    check: Callable[[str], bool]


_NATIONAL: Final[Mapping[str, _National]] = {
    "BSN": _National(
        r"bsn(?:-nummer)?|burgerservicenummer|sofi-?nummer",
        r"[0-9]{3}[ .-]?[0-9]{3}[ .-]?[0-9]{3}|[0-9]{4}\.[0-9]{2}\.[0-9]{3}",
        _bsn,
    ),
    "rijksregisternummer": _National(
        r"rijksregister(?:nummer)?|numéro national|registre national|nationaal nummer",
        r"[0-9]{2}\.?[0-9]{2}\.?[0-9]{2}[ -]?[0-9]{3}[ .-]?[0-9]{2}",
        _belgian,
    ),
    "SSN": _National(r"ssn|social security(?: number)?", r"[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{4}", _ssn),
    "NIR": _National(
        r"nir|sécurité sociale|numéro de sécu",
        r"[12] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}",
        _nir,
    ),
    "PESEL": _National(r"pesel", r"[0-9]{11}", _pesel),
    "Steuer-ID": _National(
        r"steuer-?id(?:entifikationsnummer)?|steuerliche identifikationsnummer|idnr",
        r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
        _tax_id,
    ),
    "DNI": _National(r"dni|nie|nif", r"[0-9XYZ][0-9]{7}-?[A-Z]", _dni),
}
_PLAIN: Final = re.compile(r"[ .-]")
_NATIONAL_FORMS: Final = {
    name: re.compile(rf"\b(?i:{each.words})\b{_NEAR}(?<![\w])({each.form})(?![\w])") for name, each in _NATIONAL.items()
}
_COLUMNS: Final = {name: re.compile(rf"(?:^|[_ -])(?i:{each.words})(?:$|[_ -])") for name, each in _NATIONAL.items()}
_HINTS: Final = {
    "BSN": ("bsn", "burgerservice", "sofi"),
    "rijksregisternummer": ("rijksregister", "national", "nationaal"),
    "SSN": ("ssn", "social security"),
    "NIR": ("nir", "sécu"),
    "PESEL": ("pesel",),
    "Steuer-ID": ("steuer", "idnr"),
    "DNI": ("dni", "nie", "nif"),
}
_SEQUENCE: Final = "1234567"
"""Digits by which an author says that a number is made up."""
_FEWEST_DIGITS: Final = 8
"""Digits on a line, without which there is no such number on it."""


def may_hold_one(text: str) -> bool:
    """Say whether *text* is worth to be read line by line."""
    return "@" in text or max(digits_of_lines(text)) >= _FEWEST_DIGITS


def people_in(text: str) -> tuple[Datum, ...]:
    """Return the data about people in *text*, from left to right. Only the few lines that may hold one are read."""
    found = [
        datum._replace(line=number)
        for number, line in lines_with_digits(text, _FEWEST_DIGITS)
        for datum in _by_digits(line)
    ]
    if "@" in text:
        found += [
            datum._replace(line=number)
            for number, line in enumerate(text.split("\n"), 1)
            if "@" in line
            for datum in _emails(line)
        ]
    return tuple(sorted(found, key=lambda datum: (datum.line, datum.column)))


def _by_digits(text: str) -> Iterator[Datum]:
    low = text.lower()
    for name, form in _NATIONAL_FORMS.items():
        if any(hint in low for hint in _HINTS[name]):
            for found in form.finditer(text):
                bare = _PLAIN.sub("", found[1])
                if _SEQUENCE not in bare and _NATIONAL[name].check(bare):
                    yield Datum(What.NATIONAL, found.start(1) + 1, f"{name} {mask(found[1])}")
    for found in words.BIRTH.finditer(text):
        yield Datum(What.BIRTH, found.start(1) + 1, mask(found[1]))
    for found in _IBAN.finditer(text):
        if _is_iban(found[1].replace(" ", "")):
            yield Datum(What.IBAN, found.start() + 1, mask(found[1]))
    for found in _CARD.finditer(text):
        if is_card(found[1]):
            yield Datum(What.CARD, found.start() + 1, mask(found[1]))
    yield from _mobiles(text)


def _mobiles(text: str) -> Iterator[Datum]:
    if "+" in text:
        for found in _PHONE.finditer(text):
            if _is_mobile("+" + re.sub(r"[^0-9]", "", found[1])):
                yield Datum(What.MOBILE, found.start() + 1, mask(found[1]))
    for found in _DUTCH_MOBILE.finditer(text) if "06" in text else ():
        if _SEQUENCE not in _PLAIN.sub("", found[1]):
            yield Datum(What.MOBILE, found.start() + 1, mask(found[1]))


def _emails(text: str) -> Iterator[Datum]:
    for found in _EMAIL.finditer(text):
        parts = re.split(r"[._-]", found[1].lower())
        if words.ROLES.isdisjoint(parts) and not _MADE_UP.search(found[2].lower()):
            yield Datum(What.EMAIL, found.start() + 1, f"{mask(found[1])}@{found[2]}")


def in_column(column: str, value: str) -> str:
    """Return which national number, or "card", a value of a column with this name is; "" for none."""
    if len(value) < _FEWEST_DIGITS:
        return ""
    for name, named in _COLUMNS.items():
        if named.search(column) and re.fullmatch(_NATIONAL[name].form, value):
            return name if _NATIONAL[name].check(_PLAIN.sub("", value)) else ""
    return "card" if "card" in column.lower() and _CARD.fullmatch(value) and is_card(value) else ""


def _is_iban(text: str) -> bool:
    """ISO 13616: the length of its country, and 1 modulo 97."""
    if _IBAN_LENGTHS.get(text[:2]) != len(text) or text in _EXAMPLES:
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def is_card(text: str) -> bool:
    """Say whether a number has the prefix, length and check digit (ISO 7812, Luhn) of a card that is no test card."""
    digits = _PLAIN.sub("", text)
    if not 14 < len(digits) < 20 or not _CARD_BEGINS.match(digits) or _TEST_CARDS.match(digits):  # noqa: PLR2004
        return False
    return sum(sum(divmod(int(digit) * (1 + at % 2), 10)) for at, digit in enumerate(reversed(digits))) % 10 == 0


@lru_cache(maxsize=1024)
def _is_mobile(number: str) -> bool:
    """Say whether a number in E.164 is a mobile that can be somebody's."""
    import phonenumbers  # noqa: PLC0415 -- tens of milliseconds, and few prompts hold a number

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    mobile = phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
    return mobile and not is_fiction(number) and _SEQUENCE not in number


def mask(value: str) -> str:
    """Return a value with its first and last two characters, and a dot for every other letter or digit."""
    return "".join(
        character if not 1 < at < len(value) - 2 or not character.isalnum() else "•"
        for at, character in enumerate(value)
    )
