"""State to JSON and back; pure.

A state file is JSON with one binding a line, so that git merges it. Its order never changes, and no key of it is
optional when written. ``schemas/state.schema.json`` describes it for editors; ``parse`` is stricter.

A binding stands under its address and has a digest of what was applied; else a value is written as ``codec`` does it,
in a form of its own: applied fields are kept as they are, so that one of the user's may have any key, and a ``Ref`` or
``Secret`` in them is refused, not tagged. The journal has the same form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from hmsplan.errors import StateError
from hmsplan.formats import codec
from hmsplan.formats.codec import Form, Newer
from hmsplan.model import Binding, InForce, PendingCreate, State
from hmsplan.text import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Json: TypeAlias = dict[str, Any]

FORMAT_VERSION: Final = 2
"""Version 1 had no ``stack``, and less of a binding: all after ``members``. It is read, and written as 2.

``in_force``, ``rolled_back``, ``last`` and ``begun``, and ``unconfirmed`` and ``content`` of a binding, are left out
while they say nothing.
"""

# Dataclasses and dates pass through to _plain, which refuses them: a Ref would otherwise be written as an object.
_STRICT: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_BOM: Final = b"\xef\xbb\xbf"
_MEND: Final = "Restore it from git or a backup; what it does not know of, the next plan offers to adopt."


def line(value: object, option: int = 0) -> bytes:
    """Write compact JSON in the order of its keys.

    Raises:
        StateError: *value* holds what JSON has no word for. A ``Ref`` or ``Secret`` that ``record`` has not seen is
            such a thing, so that no secret can slip into a file.
    """
    try:
        return orjson.dumps(value, default=_plain, option=_STRICT | option)
    except TypeError as error:
        raise StateError(f"a value cannot be kept: {error}") from error


def _plain(value: object) -> Json:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def _canonical(applied: object) -> bytes:
    return line(applied, orjson.OPT_SORT_KEYS)


def _digest(applied: object) -> str:
    return hashlib.sha256(_canonical(applied)).hexdigest()


FORM: Final = Form(
    fields_out=lambda applied: orjson.Fragment(_canonical(applied)),
    fields_in=lambda applied, _: applied,
    later={
        State: frozenset({"stack", "in_force", "last", "begun", "rolled_back"}),
        Binding: frozenset(field.name for field in fields_of(Binding)) - {"address", "id", "applied"},
        PendingCreate: frozenset({"members"}),
        InForce: frozenset({"windows", "freezes"}),
    },
    is_kind_open=True,
)
"""How a state and its journal are written; to be given to ``line``."""


def binding_out(binding: Binding) -> Json:
    """Give the JSON object of a binding, without its address."""
    fields = codec.encode(binding, Binding, FORM)
    kind, object_id, applied = binding.address.kind, fields.pop("id"), fields.pop("applied")
    del fields["address"]
    if not binding.unconfirmed:
        del fields["unconfirmed"]
    if binding.content is None:
        del fields["content"]
    return {"kind": kind, "id": object_id, "applied": applied, "digest": _digest(binding.applied), **fields}


def binding_in(name: Any, value: Any) -> Json:
    """Return what ``binding_out`` gave for the address *name* as ``codec`` reads it. Its digest is not checked here."""
    address = codec.address_in(name, "bindings", is_kind_open=True)
    fields = codec.must(value, dict, name)
    if "address" in fields:
        raise Newer(f"{name}: 'address' is unknown to this version")
    if fields.get("kind") != address.kind:
        raise ValueError(f"{name}: its kind says {fields.get('kind')!r}")
    if fields.get("id") == "":
        raise ValueError(f"{name}: its id is empty")
    codec.must(fields.get("digest", ""), str, f"{name}.digest")
    sent = {"sent": list(codec.must(fields.get("applied"), dict, f"{name}.applied"))}  # of version 1, which sent it all
    return {"address": name, **sent, **{key: fields[key] for key in fields if key not in {"kind", "digest"}}}


def newer(name: str, error: Newer) -> StateError:
    """Give the error for a file of a newer version: it is never called damaged, or somebody might delete it."""
    return StateError(
        f"{name}: {error}. A newer hmsplan wrote it, and nothing is damaged. Leave it as it is, and upgrade:\n"
        "  pip install --upgrade hmsplan",
        summary="State is newer than this hmsplan",
    )


def dump(state: State) -> bytes:
    """Write *state* as its file: the same state gives the same bytes."""
    head = {
        "format_version": FORMAT_VERSION,
        "lineage": state.lineage,
        "serial": state.serial,
        "organization": state.organization,
        "stack": state.stack,
    }
    if state.in_force != InForce():
        head["in_force"] = codec.encode(state.in_force, InForce, FORM)
    for name, value in (("last", state.last), ("begun", state.begun), ("rolled_back", state.rolled_back)):
        if value is not None:
            head[name] = codec.encode(value, type(value), FORM)
    bindings = ((str(address), binding_out(binding)) for address, binding in sorted(state.bindings.items()))
    lists = {"deposed": state.deposed, "intents": state.intents, "spent": state.spent}
    written = {name: [codec.encode(each, type(each), FORM) for each in found] for name, found in lists.items()}
    return b"".join(_laid_out(head, bindings, written))


def _laid_out(
    head: Mapping[str, Any], bindings: Iterable[tuple[str, Json]], lists: Mapping[str, Iterable[Any]]
) -> Iterator[bytes]:
    """Yield the file piece by piece: what it says of itself, each binding on a line of its own, and the rest."""
    opening = b"{\n  "
    for key, value in head.items():
        yield opening + _entry(key, value)
        opening = b",\n  "
    yield b',\n  "bindings": {'
    yield from _lines((_entry(address, binding) for address, binding in bindings), b"}")
    for name, found in lists.items():
        yield b',\n  "%s": [' % name.encode()
        yield from _lines(map(line, found), b"]")
    yield b"\n}\n"


def _entry(key: str, value: Any) -> bytes:
    return b'"%s": %s' % (key.encode(), line(value))


def _lines(lines: Iterable[bytes], closing: bytes) -> Iterator[bytes]:
    """Yield each of *lines* in a block, and its end."""
    opening = b"\n    "
    for each in lines:
        yield opening + each
        opening = b",\n    "
    yield closing if opening == b"\n    " else b"\n  " + closing


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
        # Anything else was touched by a person or a merge, and is worth the slower look.
        if not _is_laid_out(data, document):
            _refuse_duplicates(data)
        _check_digests(document)
    except Newer as error:
        raise newer(name, error) from error
    except (ValueError, RecursionError) as error:
        raise StateError(f"{name}: {error}. {_MEND}", summary="State is damaged") from error
    return state


def _document(data: bytes) -> Json:
    if not data or data.isspace():
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
    fields = {key: value for key, value in document.items() if key != "format_version"}
    codec.must(fields.pop("fence", ""), str, "state.fence")  # which write of it this was, in an object store
    if type(bindings := fields.get("bindings")) is dict:
        fields["bindings"] = {name: binding_in(name, value) for name, value in bindings.items()}
    state = codec.decode(fields, State, "state", FORM)
    if not state.lineage or state.serial < 0:
        raise ValueError("lineage is empty or serial negative")
    for address, binding in state.bindings.items():
        _check_counts(str(address), binding.members, binding.leaving)
    for intent in state.intents:
        _check_counts(f"the intent {intent.step}", intent.members)
    steps = [intent.step for intent in state.intents]
    if len(set(steps)) != len(steps):
        twice = sorted({step for step in steps if steps.count(step) > 1})
        raise ValueError(f"the intent {', '.join(twice)} stands there twice, perhaps after a merge; keep one")
    return state


def _check_counts(where: str, *counted: Mapping[str, int]) -> None:
    if not all(number > 0 for members in counted for number in members.values()):
        raise ValueError(f"{where}: members must be counted with whole numbers above 0")


def _is_laid_out(data: bytes, document: Json) -> bool:
    """Say whether *data* is, byte by byte, how *document* is written: then it holds no key twice."""
    lists = {name: value for name, value in document.items() if type(value) is list}
    head = {name: value for name, value in document.items() if name != "bindings" and name not in lists}
    at = 0
    for piece in _laid_out(head, document["bindings"].items(), lists):
        if not data.startswith(piece, at):
            return False
        at += len(piece)
    return at == len(data)


def _refuse_duplicates(data: bytes) -> None:
    try:
        strict_json.read(data.removeprefix(_BOM))
    except strict_json.NotJson as error:
        raise ValueError(f"{error}, perhaps after a merge; keep one") from None


def _check_digests(document: Json) -> None:
    for address, fields in document["bindings"].items():
        written = fields.get("digest")
        if written is not None and written != _digest(fields["applied"]):
            raise ValueError(
                f"the applied fields of {address} are not those of its digest; "
                'if they were edited on purpose, take "digest" out of its line'
            )
