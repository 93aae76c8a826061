"""The values of ``${secret:x}``, from ``HMSPLAN_SECRET_X`` or from a secrets file. Never coerced, never shown."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from dotenv.parser import parse_stream

from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic, Secret, Severity, SourceLine
from hmsplan.secrets.fingerprints import MIN_LENGTH, FingerprintKey
from hmsplan.secrets.masks import is_mask
from hmsplan.stack.interpolate import variable_suffix

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "HMSPLAN_SECRET_"
FINGERPRINT_KEY: Final = "HMSPLAN_FINGERPRINT_KEY"
_OURS: Final = ("HMSPLAN_", "HMS_")


def read_secrets_file(text: str, file: str) -> dict[str, str]:
    """Read a dotenv file. Values are taken as they are: ``$NAME`` in one is not expanded.

    Raises:
        ConfigError: a line is none of ``NAME=value``; the message does not show it.
    """
    values: dict[str, str] = {}
    problems = []
    for binding in parse_stream(io.StringIO(text)):
        source = SourceLine(file, binding.original.line)
        if binding.error:
            problems.append(Diagnostic("Unreadable line", "A line of the secrets file is NAME=value.", source))
        elif binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
    if problems:
        raise ConfigError(problems)
    return values


class Secrets:
    """Finds secrets by name.

    The API key and hmsplan's own settings are out of reach: a name only ever leads to ``HMSPLAN_SECRET_…``, or to a key
    of the secrets file that begins with neither ``HMSPLAN_`` nor ``HMS_``.

    Attributes:
        problems: what is wrong with the key of the fingerprints.
    """

    def __init__(self, environ: Mapping[str, str], file: Mapping[str, str]) -> None:
        self._environ = environ
        self._file = file
        self._found: dict[str, Secret] = {}
        key = (environ.get(FINGERPRINT_KEY) or file.get(FINGERPRINT_KEY) or "").strip()
        self.problems: tuple[Diagnostic, ...] = (_short_key(),) if 0 < len(key) < MIN_LENGTH else ()
        self._key = FingerprintKey(key) if key else None

    def get(self, name: str) -> Secret:
        """Return the secret, without a value when nothing gives one; an empty value counts as none, as does a mask."""
        if name not in self._found:
            value = self._value(name)
            self._found[name] = Secret(name, None if value is None or is_mask(value) else value, key=self._key)
        return self._found[name]

    def missing(self, name: str) -> tuple[str, str]:
        """Return summary and detail for a secret without a value."""
        variable = PREFIX + variable_suffix(name)
        if self._value(name) is not None:
            detail = f"What {variable} gives is a mask or a placeholder, and would be sent as it is."
            return "Masked secret", f"{detail} Set the real value."
        state = "is set, but empty" if variable in self._environ or variable in self._file else "is not set"
        return "Missing secret", f"{variable} {state}. Set it, or write it into the file of --secrets-file."

    def _value(self, name: str) -> str | None:
        suffix = variable_suffix(name)
        bare = () if suffix.startswith(_OURS) else (suffix, name)
        found = self._environ.get(PREFIX + suffix) or self._file.get(PREFIX + suffix)
        return found or next((self._file[key] for key in bare if self._file.get(key)), None)


def _short_key() -> Diagnostic:
    return Diagnostic(
        "Short fingerprint key",
        f"{FINGERPRINT_KEY} has fewer than {MIN_LENGTH} characters, and whoever guesses it can guess the "
        "secrets from their fingerprints in the state. Make one with: openssl rand -hex 32",
        severity=Severity.WARNING,
    )
