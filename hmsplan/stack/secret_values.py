"""The values of ``${secret:x}``, from ``HMSPLAN_SECRET_X`` or from a secrets file. Never coerced, never shown."""

from __future__ import annotations

import hashlib
import hmac
import io
from typing import TYPE_CHECKING, Final

from dotenv.parser import parse_stream

from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic, Secret, SourceLine
from hmsplan.stack.interpolate import variable_suffix

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "HMSPLAN_SECRET_"
FINGERPRINT_KEY: Final = "HMSPLAN_FINGERPRINT_KEY"
_OURS: Final = ("HMSPLAN_", "HMS_")
_DOMAIN: Final = b"hmsplan secret v1\0"


def fingerprint(value: str, key: str | None) -> str | None:
    """Return the keyed digest that state keeps of a secret; None without a key.

    It depends on the value alone, so that a renamed secret is not a changed one.
    """
    if not key:
        return None
    return hmac.new(key.encode(), _DOMAIN + value.encode(), hashlib.sha256).hexdigest()


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
    """

    def __init__(self, environ: Mapping[str, str], file: Mapping[str, str]) -> None:
        self._environ = environ
        self._file = file
        self._key = environ.get(FINGERPRINT_KEY) or file.get(FINGERPRINT_KEY)
        self._found: dict[str, Secret] = {}

    def get(self, name: str) -> Secret:
        """Return the secret, without a value when nothing gives one; an empty value counts as none."""
        if name not in self._found:
            value = self._value(name)
            self._found[name] = Secret(name, value, fingerprint(value, self._key) if value is not None else None)
        return self._found[name]

    def missing(self, name: str) -> tuple[str, str]:
        """Return summary and detail for a secret without a value."""
        variable = PREFIX + variable_suffix(name)
        state = "is set, but empty" if variable in self._environ or variable in self._file else "is not set"
        return "Missing secret", f"{variable} {state}. Set it, or write it into the file of --secrets-file."

    def _value(self, name: str) -> str | None:
        suffix = variable_suffix(name)
        bare = () if suffix.startswith(_OURS) else (suffix, name)
        found = self._environ.get(PREFIX + suffix) or self._file.get(PREFIX + suffix)
        return found or next((self._file[key] for key in bare if self._file.get(key)), None)
