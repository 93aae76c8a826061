"""The values of ``${secret:x}``, from ``HMSPLAN_SECRET_X`` or as ``--secrets`` says. Never coerced, never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.model import EMPTY, Diagnostic, Secret, Severity
from hmsplan.secrets.answers import FINGERPRINT_KEY, variable_of
from hmsplan.secrets.detect import is_mask, unresolved
from hmsplan.secrets.fingerprints import MIN_LENGTH, FingerprintKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.secrets.answers import Answer


class Secrets:
    """Finds secrets by name.

    The environment is first, and then the answers in their order. The API key and hmsplan's own settings are out of
    reach: a name only ever leads to ``HMSPLAN_SECRET_…``, or to a key of an answer that begins with neither
    ``HMSPLAN_`` nor ``HMS_``.

    Args:
        environ: of the process.
        answers: of the sources.
        names: under which other name a secret is kept; it is never looked for under its own then.

    Attributes:
        problems: what is wrong with the key of the fingerprints, and warnings of the secrets that were asked for.
    """

    def __init__(self, environ: Mapping[str, str], *answers: Answer, names: Mapping[str, str] = EMPTY) -> None:
        self._environ = environ
        self._answers = answers
        self._names = names
        self._found: dict[str, Secret] = {}
        self._refused: dict[str, tuple[str, str]] = {}
        self.problems: list[Diagnostic] = []
        self._key = self._fingerprint_key()

    def _fingerprint_key(self) -> FingerprintKey | None:
        found = (values.get(FINGERPRINT_KEY) for values in (self._environ, *(each.values for each in self._answers)))
        key = (next(filter(None, found), None) or "").strip()
        if not is_utf8(key):
            self.problems.append(not_utf8(FINGERPRINT_KEY))
            return None
        if 0 < len(key) < MIN_LENGTH:
            self.problems.append(_short_key())
        return FingerprintKey(key) if key else None

    def get(self, name: str) -> Secret:
        """Return the secret, without a value when nothing gives one; an empty value counts as none.

        So does one that cannot be the secret; see ``is_refused``. A line break behind a value is cut off.
        """
        if name not in self._found:
            variable, text = self._value(self._kept(name))
            value = text.rstrip("\r\n").removeprefix("\ufeff")
            if why := _why_refused(variable, value):
                self._refused[name] = why
            elif value:
                self.problems += _warnings(variable, text, value)
            usable = value if value and not why else None
            self._found[name] = Secret(self._kept(name), usable, key=self._key)
        return self._found[name]

    def is_refused(self, name: str) -> bool:
        """Say whether what stands in the place of the secret is none: a mask, a reference, bytes that are no text."""
        return self.get(name).reveal() is None and name in self._refused

    def missing(self, name: str) -> tuple[str, str]:
        """Return summary and detail for a secret without a value; neither shows what stands in its place."""
        if self.is_refused(name):
            return self._refused[name]
        name = self._kept(name)
        variable = variable_of(name)
        is_set = any(variable in values for values in (self._environ, *(each.values for each in self._answers)))
        asked = "".join(f", and {each.source} does not give {name}" for each in self._answers)
        state = "is set, but empty" if is_set else "is not set"
        return "Missing secret", f"{variable} {state}{asked}. Set it, or say where it is kept: --secrets SOURCE."

    def asked_for(self) -> list[str]:
        """Return under which names the secrets are kept that were asked for, sorted."""
        return sorted(set(map(self._kept, self._found)))

    def _kept(self, name: str) -> str:
        return self._names.get(name, name)

    def _value(self, name: str) -> tuple[str, str]:
        """Return the variable that gives the secret, and what it gives; "" when nothing does."""
        variable = variable_of(name)
        if found := self._environ.get(variable):
            return variable, found
        for answer in self._answers:
            if key := answer.key_of(name):
                where = answer.source if key == variable else f"{answer.source}, {key}"
                return f"{variable} (of {where})", answer.values[key]
        return variable, ""


def _why_refused(variable: str, value: str) -> tuple[str, str] | None:
    """Return summary and detail of why *value* cannot be a secret; None when it can."""
    if not value:
        return None
    if not is_utf8(value):
        problem = not_utf8(variable)
        return problem.summary, problem.detail
    if who := unresolved(value):
        detail = (
            f"{variable} holds a reference that {who} should have replaced by the secret, and it would be sent as it"
        )
        return "Unresolved secret", f"{detail} is. Run hmsplan where that is done, or set the value itself."
    if is_mask(value):
        detail = f"What {variable} gives is a mask or a placeholder, and would be sent as it is."
        return "Masked secret", f"{detail} Set the real value."
    return None


def _warnings(variable: str, text: str, value: str) -> Iterator[Diagnostic]:
    """Warn of what came with a secret by accident."""
    if value != text:
        what = "ends in a line break" if text.startswith(value) else "begins with a byte order mark"
        detail = f"{variable} {what}, which is not a part of the secret and is not sent. Store it without."
        yield Diagnostic("Secret with a line break", detail, severity=Severity.WARNING)
    if value != value.strip():
        detail = f"{variable} begins or ends with white space, which is sent. If it is there by accident, take it out."
        yield Diagnostic("Secret with spaces around it", detail, severity=Severity.WARNING)


def is_utf8(text: str) -> bool:
    """Say whether a text of the environment or the command line was UTF-8; other bytes arrive as lone surrogates."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def not_utf8(variable: str) -> Diagnostic:
    """Say that what *variable* gives is no text, without showing it."""
    detail = (
        f"{variable} holds bytes that are not UTF-8. Set it again in "
        "UTF-8: from a terminal whose locale is UTF-8 (LC_ALL=C.UTF-8), or from a file saved as UTF-8."
    )
    return Diagnostic("Not UTF-8", detail)


def _short_key() -> Diagnostic:
    return Diagnostic(
        "Short fingerprint key",
        f"{FINGERPRINT_KEY} has fewer than {MIN_LENGTH} characters, and anyone who guesses it can guess the "
        "secrets from their fingerprints in the state. Make one with: openssl rand -hex 32",
        severity=Severity.WARNING,
    )
