"""What has to be written so that a field comes to another value: with the ``${…}`` that are there. Pure.

Three values of one place are walked together: as it is written, what that comes to, and what is live. Where the last
two are the same, what is written stays.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmsplan.config.interpolation import TEMPLATE_FILES, BadInterpolation, Call, Reference, escape, parse_text
from hmsplan.config.yaml_writer import CannotWrite, scalar
from hmsplan.export.edit.inverse import rewritten
from hmsplan.export.edit.splices import CannotEdit
from hmsplan.kinds import KINDS
from hmsplan.kinds.expand import expanded
from hmsplan.kinds.identity import canonical
from hmsplan.model import ANY, MISSING, Ref, Secret, Unsendable, VariableOrigin, value_at
from hmsplan.planner.diff import agrees, items_by_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hmsplan.config.interpolation import Expression
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, FieldPath, Pattern, SourceLine, Stack, Value


@dataclass(slots=True)
class Rewriter:
    """Writes the values of one field.

    Attributes:
        addresses: (kind, id) to the address of each object that is bound and declared.
        texts: path of a text file to what it shall say.
        variables: line and path of the value of a variable to what it shall be.
    """

    stack: Stack
    addresses: Mapping[tuple[str, str], Address]
    read_text: Callable[[str], str]
    texts: dict[str, str] = field(default_factory=dict)
    variables: dict[tuple[SourceLine, FieldPath], Value] = field(default_factory=dict)

    def value(self, kind: Kind, pat: Pattern, written: Any, declared: Value, live: Value) -> Any:
        """Return what to write in the place of *written*, which comes to *declared*, so that it comes to *live*.

        Raises:
            CannotEdit: it cannot be written; says why.
        """
        if kind.is_secret(pat):
            raise CannotEdit("it is a secret, whose value the platform does not tell")
        if agrees(kind, pat, declared, live):
            return written
        if isinstance(written, str) and "${" in written:
            return self._text(kind, pat, written, declared, live)
        if isinstance(written, dict) and isinstance(declared, Mapping) and isinstance(live, Mapping):
            return self._map(kind, pat, written, declared, live)
        if isinstance(written, list) and isinstance(declared, list) and isinstance(live, list):
            return self._list(kind, pat, written, declared, live)
        return self.fresh(kind, pat, live)

    def _map(
        self, kind: Kind, pat: Pattern, written: dict[str, Any], declared: Mapping[str, Any], live: Mapping[str, Any]
    ) -> Any:
        is_whole = any(pat[: len(atomic)] == atomic for atomic in kind.atomic)
        found = {
            key: self.value(kind, (*pat, key), item, declared.get(key), live[key])
            for key, item in written.items()
            if key in live
        }
        if is_whole:
            found |= {key: self.fresh(kind, (*pat, key), item) for key, item in live.items() if key not in written}
            order = [*(key for key in live if key in found)]
            found = {key: found[key] for key in order}
        return found

    def _list(self, kind: Kind, pat: Pattern, written: list[Any], declared: list[Any], live: list[Any]) -> list[Any]:
        item = (*pat, ANY)
        if pat in kind.unordered:
            left = [text for text, value in zip(written, declared, strict=True) if value in live]
            return left + [self.fresh(kind, item, value) for value in live if value not in declared]
        marks = [[repr(canonical(kind, item, value)) for value in items] for items in (declared, live)]
        found: list[Any] = []
        for what, a, b, c, d in difflib.SequenceMatcher(None, marks[0], marks[1], autojunk=False).get_opcodes():
            if what == "equal":
                found += written[a:b]
                continue
            common = min(b - a, d - c)
            found += [self.value(kind, item, written[a + n], declared[a + n], live[c + n]) for n in range(common)]
            found += [self.fresh(kind, item, value) for value in live[c + common : d]]
        return found

    def items(
        self, kind: Kind, pat: Pattern, written: list[Any], declared: list[Any], live: list[Any], names: list[str | int]
    ) -> list[Any]:
        """Return a list of named items with those of *names* taken out, or put in, as they are live or not."""
        there, now = list(items_by_key(kind, pat, declared)), items_by_key(kind, pat, live)
        kept = [(name, text) for name, text in zip(there, written, strict=True) if name in now or name not in names]
        order = list(now)
        for name in names:
            if name in now and name not in there:
                before = set(order[: order.index(name)])
                at = max((n + 1 for n, (other, _) in enumerate(kept) if other in before), default=0)
                kept.insert(at, (name, self.fresh(kind, (*pat, ANY), now[name])))
        return [text for _, text in kept]

    def fresh(self, kind: Kind, pat: Pattern, live: Value) -> Any:
        """Return how a live value is written where nothing of it stands yet."""
        if isinstance(live, Secret) or kind.is_secret(pat):
            raise CannotEdit("it holds a secret, whose value the platform does not tell")
        if live is MISSING or live is None:
            return None
        if (template := kind.expands.get(pat)) is not None and isinstance(live, Mapping):
            if (name := self._pasted(kind, pat, template, live)) is not None:
                return name
            live = canonical(kind, pat, live)
        if isinstance(live, Mapping):
            return {
                key: self.fresh(kind, (*pat, key), item)
                for key, item in live.items()
                if item is not None or (*pat, key) in kind.null_matters
            }
        if isinstance(live, list):
            return [self.fresh(kind, (*pat, ANY), item) for item in live]
        try:
            if isinstance(live, Unsendable) or not isinstance(live, str):
                scalar(live)
        except CannotWrite as reason:
            raise CannotEdit(str(reason)) from None
        return self._reference(kind, pat, live) if isinstance(live, str) else live

    def _pasted(self, kind: Kind, pat: Pattern, template: str, live: Mapping[str, Any]) -> str | None:
        block = canonical(kind, pat, live)
        for address, resource in self.stack.resources.items():
            if address.kind == template and len(block) > 1:
                stands_for = expanded(KINDS[template], resource.spec)
                if stands_for and canonical(kind, pat, stands_for) == block:
                    return f"${{{address}}}"
        return None

    def _reference(self, kind: Kind, pat: Pattern, live: str) -> str:
        target = kind.refs.get(pat)
        if target is None:
            return escape(live)
        address = self.addresses.get((target, live))
        if address is None:
            noun = f"{KINDS[target].article} {KINDS[target].noun}"
            raise CannotEdit(f"{live} is the id of {noun} that the stack does not manage")
        return f"${{{address}}}"

    def _text(self, kind: Kind, pat: Pattern, written: str, declared: Value, live: Value) -> Any:
        try:
            parts = parse_text(written)
        except BadInterpolation as error:
            raise CannotEdit(error.detail) from None
        only = parts[0] if len(parts) == 1 else None
        if isinstance(only, Reference) and only.field in {(), ("id",)}:
            if KINDS[only.address.kind].expansion is not None and pat in kind.expands:
                raise CannotEdit(f"it is a copy of {only.address}")
            return self.fresh(kind, pat, live)
        if not isinstance(live, str):
            return self.fresh(kind, pat, live)
        match only:
            case Call("file", path):
                self._add_text(path, self.file_text(path, declared, live))
            case Call("var", name):
                self._add_variable(name, live)
            case Call("secret", name):
                raise CannotEdit(f"it is the secret {name}")
            case Reference():
                return self.fresh(kind, pat, live)
            case _:
                return rewritten(written, self._filled, str(declared), live)
        return written

    def file_text(self, path: str, declared: str, live: str) -> str:
        """Return what a text file has to say so that it comes to *live*."""
        if not path.endswith(TEMPLATE_FILES):
            return live
        return rewritten(self.read_text(path), self._filled, declared, live)

    def _filled(self, part: Expression) -> str:
        match part:
            case Call("var", name):
                return _as_text(self.stack.variables[name].value)
            case Call("file", path):
                text = self.read_text(path)
                return "".join(self._parts(text)) if path.endswith(TEMPLATE_FILES) else text
            case Reference(address, names) if names:
                at = tuple(int(name) if name.isdecimal() else name for name in names)
                return _as_text(value_at(self.stack.resources[address].spec, at))
        raise CannotEdit(f"it is made of ${{{part}}}")

    def _parts(self, text: str) -> Iterator[str]:
        return (part if isinstance(part, str) else self._filled(part) for part in parse_text(text))

    def _add_text(self, path: str, text: str) -> None:
        if self.texts.setdefault(path, text) != text:
            raise CannotEdit(f"{path} is used twice, and would have to say two different texts")

    def _add_variable(self, name: str, live: str) -> None:
        variable = self.stack.variables[name]
        if variable.source is None:
            raise CannotEdit(f"it is ${{var:{name}}}, which {variable.given_by} gives")
        at = ("variables", name)
        self.variables[variable.source, at if variable.origin is VariableOrigin.ENVIRONMENT else (*at, "default")] = (
            live
        )


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Ref | Secret) or value is None:
        raise CannotEdit("it is made of a value that is known to the platform alone")
    return str(value)
