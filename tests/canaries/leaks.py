"""Values that must not be seen, and the search for them. It shares no line with what hmsplan hides secrets with."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_AWKWARD = '"\\&<>/+%=\u00e9'


@dataclass(frozen=True, slots=True)
class Canary:
    """A value that is found in any form, whole or in halves.

    Attributes:
        name: what it is the value of.
        value: begins and ends with letters and digits, which no encoder but base64 and hex changes.
    """

    name: str
    value: str

    def traces(self) -> Iterator[bytes]:
        """Yield what gives it away."""
        for half in (self.value[:12], self.value[-12:]):
            raw = half.encode()
            yield raw
            yield raw.hex().encode()
            for shift in range(3):
                packed = base64.b64encode(b"\0" * shift + raw + b"\0\0")
                yield packed[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]


def canary(name: str, *, plain: bool = False) -> Canary:
    """Return a new one; a *plain* one can stand in a header."""
    middle = "-" if plain else _AWKWARD
    number = f"{sum(map(ord, name)):04}"
    return Canary(name, f"c4nary{number}{name[:1]}z{middle}{name[-1:]}{number}yran4cz")


def found(data: bytes, canaries: Iterable[Canary]) -> list[str]:
    """Name the canaries that *data* holds."""
    return [each.name for each in canaries if any(trace in data for trace in each.traces())]


def found_below(folder: Path, canaries: Iterable[Canary], *, apart_from: Iterable[Path] = ()) -> list[str]:
    """Name the files below *folder* that hold a canary, and which."""
    known, excused = list(canaries), set(apart_from)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in excused]
    looked = {path: found(path.read_bytes() + str(path).encode(), known) for path in files}
    return [f"{path.relative_to(folder)}: {', '.join(names)}" for path, names in looked.items() if names]
