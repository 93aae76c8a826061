"""Addresses for live objects: short, readable, unique, and the same ones each time. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from hmsplan.config.yaml_writer import NO_TEXT_ELSEWHERE
from hmsplan.kinds import KINDS
from hmsplan.model import Address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmsplan.kinds import Kind
    from hmsplan.model import RemoteObject, Snapshot, Spec

LONGEST: Final = 40
_TAKEN: Final = NO_TEXT_ELSEWHERE | {"hmsplan"}
"""Keys that are no names: words of YAML, and the stem of a file that would make a stack of its folder."""
SINGLE: Final = "main"
"""The key of the only object of its kind."""


def slug(text: str) -> str:
    """Return *text* in lower-case ASCII letters, digits and ``_``; empty when nothing of it can be written so."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_text).strip("_")[:LONGEST].strip("_")


def addresses(snapshot: Snapshot) -> Mapping[tuple[str, str], Address]:
    """Return (kind, id) to the address of each live object; of equal names, the older object gets the plain key."""
    return {
        (name, object_id): address
        for name, objects in snapshot.objects.items()
        for object_id, address in addresses_of(KINDS[name], objects.values()).items()
    }


def addresses_of(kind: Kind, objects: Iterable[RemoteObject]) -> Mapping[str, Address]:
    """Return id to address of all live objects of one kind."""
    found: dict[str, Address] = {}
    taken = set[str]()
    for live in sorted(objects, key=lambda live: _age(kind, live)):
        key = first = _key(kind, live.fields)
        count = 1
        while key in taken:
            count += 1
            key = f"{first}_{count}"
        taken.add(key)
        found[live.id] = Address(kind.name, key)
    return found


def _age(kind: Kind, live: RemoteObject) -> tuple[str, str, str]:
    return _key(kind, live.fields), str(live.fields.get("created_at") or ""), live.id


def _key(kind: Kind, fields: Spec) -> str:
    if kind.is_single:
        return SINGLE
    key = slug(str(fields.get("name") or fields.get(kind.identity) or ""))
    return key if key[:1].isalpha() and key not in _TAKEN else f"{kind.singular}_{key}".rstrip("_")
