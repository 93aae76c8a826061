"""State to JSON and back; pure.

A state file is JSON with one binding a line, so that git merges it. Its order never changes, and no key of it is
optional when written. ``schemas/state.schema.json`` describes it for editors; ``parse`` is stricter.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import orjson

from hmsplan.errors import StateError
from hmsplan.formats import state_codec
from hmsplan.formats.state_codec import LIST, MAYBE_TEXT, NUMBER, OBJECT, TEXT, Json, Shape
from hmsplan.model import Address, Binding, Deposed, PendingCreate, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FORMAT_VERSION: Final = 2
"""Version 1 had no ``stack``, and less of a binding: all after ``members``. It is read, and written as 2."""

_SHAPE: Final[Shape] = {
    "format_version": NUMBER,
    "lineage": TEXT,
    "serial": NUMBER,
    "organization": MAYBE_TEXT,
    "stack": MAYBE_TEXT,
    "bindings": OBJECT,
    "deposed": LIST,
    "intents": LIST,
    "spent": LIST,
}
_FENCE: Final[Shape] = {"fence": TEXT}
"""What a ``state.json`` from an object store holds besides: which write of it this was."""

_BOM: Final = b"\xef\xbb\xbf"
_MEND: Final = "Restore it from git or a backup; what it does not know of, the next plan offers to adopt."


def dump(state: State) -> bytes:
    """Write *state* as its file: the same state gives the same bytes."""
    return b"".join(_pieces(state))


def _pieces(state: State) -> Iterator[bytes]:
    """Give the file in pieces, so that its bulk is copied once."""
    head: dict[str, str | int | None] = {
        "format_version": FORMAT_VERSION,
        "lineage": state.lineage,
        "serial": state.serial,
        "organization": state.organization,
        "stack": state.stack,
    }
    yield b"{\n"
    for key, value in head.items():
        yield b'  "%s": %s,\n' % (key.encode(), state_codec.line(value))
    yield from _block(b'"bindings": {', map(_binding, sorted(state.bindings.items())), b"},\n")
    yield from _block(b'"deposed": [', map(_record, state.deposed), b"],\n")
    yield from _block(b'"intents": [', map(_record, state.intents), b"],\n")
    yield from _block(b'"spent": [', ((state_codec.line(item),) for item in state.spent), b"]\n}\n")


def _binding(item: tuple[Address, Binding]) -> tuple[bytes, ...]:
    address, binding = item
    return b'"%s": ' % str(address).encode(), *state_codec.binding_pieces(binding)


def _record(record: Deposed | PendingCreate) -> tuple[bytes]:
    return (state_codec.line(state_codec.record_out(record)),)


def _block(opening: bytes, lines: Iterable[Iterable[bytes]], closing: bytes) -> Iterator[bytes]:
    yield b"  " + opening
    before, after = b"\n    ", b""
    for line in lines:
        yield before
        yield from line
        before, after = b",\n    ", b"\n  "
    yield after + closing


def parse(data: bytes, name: str = "state.json") -> State:
    """Read a state file; equivalent JSON in another layout is as good.

    Args:
        data: the content of the file.
        name: what error messages call it.

    Raises:
        StateError: the file is empty, cut off, no JSON, of a newer format, or not what its digests say.
    """
    try:
        document = _document(data)
        _check_version(document, name)
        state = _state(document)
        # Exactly what we would write holds no duplicate key and no wrong digest. Anything else was touched by a
        # person or a merge, and is worth the slower look.
        if not _is_written_so(state, data):
            _look_closely(data, document)
    except state_codec.Newer as error:
        raise state_codec.newer(name, error) from error
    except (ValueError, RecursionError) as error:
        raise StateError(f"{name}: {error}. {_MEND}", summary="State is damaged") from error
    return state


def _is_written_so(state: State, data: bytes) -> bool:
    at = 0
    for piece in _pieces(state):
        if not data.startswith(piece, at):
            return False
        at += len(piece)
    return at == len(data)


def _document(data: bytes) -> Json:
    if not data.strip():
        raise ValueError("the file is empty, which no state ever is")
    if b"\n<<<<<<< " in data:
        raise ValueError("it holds the conflict markers of a merge; keep one line per address")
    document = orjson.loads(data.removeprefix(_BOM))
    if type(document) is not dict:
        raise ValueError("it is not a JSON object")
    return document


def _check_version(document: Json, name: str) -> None:
    version = document.get("format_version")
    if type(version) is not int or version < 1:
        raise ValueError("it has no format_version; this is not a state of hmsplan")
    if version > FORMAT_VERSION:
        raise StateError(
            f"{name} has format {version}, this hmsplan reads {FORMAT_VERSION}. Nothing is damaged. Leave it as it is, "
            "and upgrade:\n  pip install --upgrade hmsplan",
            summary="State is newer than this hmsplan",
        )


def _state(document: Json) -> State:
    fields = state_codec.check({"stack": None, **document}, _SHAPE, _FENCE, where="state")
    if not fields["lineage"] or fields["serial"] < 0:
        raise ValueError("lineage is empty or serial negative")
    bindings = [state_codec.binding_in(address, value) for address, value in fields["bindings"].items()]
    intents = tuple(map(state_codec.intent_in, fields["intents"]))
    _refuse_twice("intent", [intent.step for intent in intents])
    return State(
        lineage=fields["lineage"],
        serial=fields["serial"],
        organization=fields["organization"],
        stack=fields["stack"],
        bindings=MappingProxyType({binding.address: binding for binding in bindings}),
        deposed=tuple(state_codec.record_in(Deposed, item, where="deposed") for item in fields["deposed"]),
        intents=intents,
        spent=state_codec.texts(fields["spent"], where="spent"),
    )


def _look_closely(data: bytes, document: Json) -> None:
    json.loads(data.removeprefix(_BOM), object_pairs_hook=_unique)
    for address, fields in document["bindings"].items():
        written = fields.get("digest")
        if written is not None and written != state_codec.digest(state_codec.canonical(fields["applied"])):
            raise ValueError(
                f"the applied fields of {address} are not those of its digest; "
                'if they were edited on purpose, take "digest" out of its line'
            )


def _unique(pairs: Sequence[tuple[str, Any]]) -> Json:
    _refuse_twice("key", [key for key, _ in pairs])
    return dict(pairs)


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"the {what} {', '.join(twice)} stands there twice, perhaps after a merge; keep one")
