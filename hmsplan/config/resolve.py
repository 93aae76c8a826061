"""``${…}`` in the fields of resources becomes values; what was written decides what a field may hold.

Resolving leaves references and secrets in their ``${…}`` text, in which the schemas know them, and notes what each
stands for; ``bind`` puts that in when the text has been validated. A resource without ``${`` is never copied.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config.extra import EXTRA
from hmsplan.config.interpolation import (
    TEMPLATE_FILES,
    BadInterpolation,
    Call,
    EndlessCopy,
    Expression,
    Reference,
    escape,
    parse_text,
    texts_of,
)
from hmsplan.kinds import A_KIND, KINDS
from hmsplan.model import Address, Diagnostic, Ref, Secret, pattern_of, value_at
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hmsplan.config.layers import Declared
    from hmsplan.config.problems import Problems
    from hmsplan.kinds import Kind
    from hmsplan.model import FieldPath, Spec
    from hmsplan.secrets.sources import Secrets


MAX_TEXT: Final = 64 * 2**20
MAX_COPIES: Final = 50


@dataclass(slots=True)
class Resolved:
    """One resource, resolved but not yet bound.

    Attributes:
        spec: fit for its schema; shares what held no ``${``.
        bound: path to what stands there instead of its text.
        copied: path to the fields of other resources whose values stand there, in whole or in part.
        bad: paths of which an error was told already.
    """

    spec: Any
    bound: dict[FieldPath, Any] = field(default_factory=dict)
    copied: dict[FieldPath, tuple[Reference, ...]] = field(default_factory=dict)
    bad: set[FieldPath] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Resolver:
    """Finds what each ``${…}`` stands for.

    Attributes:
        declared: what references may lead to.
        no_variable: gives summary and detail for a variable without a value.
        doubtful: says whether an address that is not declared may stand in a file that could not be read.
        elsewhere: says which other environments declare an address; empty when none does.
        problems: everything wrong so far.
        used: names of the variables that something asked for.
    """

    declared: Mapping[Address, Declared]
    variables: Mapping[str, Any]
    no_variable: Callable[[str], tuple[str, str]]
    secrets: Secrets
    need_secrets: bool
    read_text: Callable[[str], str]
    excluded: Collection[Address]
    doubtful: Callable[[Address], bool]
    elsewhere: Callable[[Address], str]
    problems: Problems
    used: set[str] = field(default_factory=set)
    _copying: list[str] = field(default_factory=list)
    _asked: set[str] = field(default_factory=set)
    _circles: set[str] = field(default_factory=set)
    _values: dict[str, Any] = field(default_factory=dict)
    _copied: dict[str, tuple[Reference, ...]] = field(default_factory=dict)
    _noted: dict[Reference, None] = field(default_factory=dict)
    _siblings: dict[str, list[str]] = field(default_factory=dict)
    _room: int = MAX_TEXT

    def resolve(self, resource: Declared) -> Resolved:
        """Return the fields of *resource* with variables, files and copied fields filled in."""
        result = Resolved(resource.spec)
        if not resource.source_map.interpolated:
            return result
        copies: dict[FieldPath, Any] = {}
        for path, text in texts_of(resource.spec):
            block = _own(copies, path[:-1], resource.spec)
            block[path[-1]] = self._text(text, path, resource, result)
        if copies:
            result.spec = copies[()]
        return result

    def plain(self, text: str) -> str:
        """Return *text* with its variables filled in; anything else in it is an error.

        Raises:
            BadInterpolation: it holds something else, or a variable without a value.
        """
        return self._joined(text, self._only_variables)

    def _only_variables(self, part: Expression) -> Any:
        if isinstance(part, Call) and part.form == "var":
            return self._variable(part.argument)
        raise BadInterpolation("Not possible here", "Only ${var:name} can be used here.")

    def _joined(self, text: str, value_of: Callable[[Expression], Any]) -> str:
        """Put *text* together again, with values in it. What is inserted many times grows beyond all files."""
        out: list[str] = []
        for part in parse_text(text):
            piece = part if isinstance(part, str) else _as_text(value_of(part), part)
            self._room -= len(piece)
            if self._room < 0:
                detail = f"What is filled in for ${{…}} comes to more than {MAX_TEXT:,} characters in all."
                raise BadInterpolation("Stack too large", detail)
            out.append(piece)
        return "".join(out)

    def _text(self, text: str, path: FieldPath, resource: Declared, result: Resolved) -> Any:
        """Return what the schema shall see at *path*, and note what is to stand there in the end."""
        try:
            value = self._evaluate(text)
            if copied := self._copied[text]:
                result.copied[path] = copied
            return self._place(text, value, path, resource.kind, result)
        except BadInterpolation as error:
            result.bad.add(path)
            if error.summary:
                self.problems.append(resource.placed(Diagnostic(error.summary, error.detail, path=path)))
            return text

    def _place(self, text: str, value: Any, path: FieldPath, kind: Kind, result: Resolved) -> Any:
        if isinstance(value, Ref):
            _check_reference(value.address, path, kind)
        elif isinstance(value, Secret):
            if not kind.is_secret(pattern_of(path)):
                raise BadInterpolation("Secret in a readable field", _readable(value.name, path))
        elif isinstance(value, Call):
            if kind.members is None or path != (kind.members.name,):
                raise BadInterpolation("Not possible here", "${csv:…} gives the leads of a campaign and nothing else.")
        elif isinstance(value, str) and "${" in value:
            result.bound[path] = value
            return escape(value)
        else:
            return value
        result.bound[path] = value
        return text

    def _evaluate(self, text: str) -> Any:
        """Return what *text* stands for, and note the fields that it is copied from, at any remove."""
        if text not in self._values:
            outer, self._noted = self._noted, {}
            try:
                self._values[text] = self._work_out(text)
                self._copied[text] = tuple(self._noted)
            finally:
                self._noted = outer
        self._noted |= dict.fromkeys(self._copied[text])
        return self._values[text]

    def _work_out(self, text: str) -> Any:
        parts = parse_text(text)
        if len(parts) == 1 and not isinstance(parts[0], str):
            return self._lookup(parts[0])
        return self._joined(text, self._lookup)

    def _lookup(self, expression: Expression) -> Any:
        match expression:
            case Call("var", name):
                return self._variable(name)
            case Call("secret", name):
                return self._secret(name)
            case Call("file", path):
                return self._file(path)
            case Call():
                return expression  # of csv, which is read with the resource
            case Reference(address, () | ("id",)):
                self._check_exists(address)
                return Ref(address)
            case Reference():
                return self._copy(expression)

    def _variable(self, name: str) -> Any:
        self.used.add(name)
        if name not in self.variables:
            raise BadInterpolation(*self.no_variable(name))
        return self.variables[name]

    def _secret(self, name: str) -> Secret:
        secret = self.secrets.get(name)
        if secret.reveal() is None and (self.need_secrets or self.secrets.is_refused(name)):
            told = name in self._asked
            self._asked.add(name)
            raise BadInterpolation(*(("", "") if told else self.secrets.missing(name)))
        return secret

    def _file(self, path: str) -> str:
        text = self.read_text(path)
        if "${" not in text or not path.endswith(TEMPLATE_FILES):
            return text
        try:
            return self._joined(text, self._in_file)
        except BadInterpolation as error:
            detail = f"In {path}: {error.detail}" if error.summary else ""
            raise type(error)(error.summary, detail) from None

    def _in_file(self, part: Expression) -> Any:
        match part:
            case Reference():
                return self._lookup(part)
            case Call("var", name):
                return self._variable(name)
        forms = "${var:name} and ${kind.key.field}"
        raise BadInterpolation("Not possible here", f"A file can use {forms}, and not ${{{part}}}.")

    def _check_exists(self, address: Address) -> None:
        if address in self.declared:
            return
        if address in self.excluded:
            detail = (
                f"{address} is excluded from this environment. Exclude what refers to it too, or override the field."
            )
            raise BadInterpolation("Reference to an excluded resource", detail)
        if self.doubtful(address):
            raise BadInterpolation
        guess = self.elsewhere(address) or self._guess(address)
        raise BadInterpolation("Unknown reference", f"There is no {address}.{guess}")

    def _guess(self, address: Address) -> str:
        if not self._siblings:
            for known in self.declared:
                self._siblings.setdefault(known.kind, []).append(known.key)
        siblings = self._siblings.get(address.kind, [])
        if guess := wording.nearest(address.key, siblings):
            return f" Did you mean {address.kind}.{guess}?"
        namesakes = (Address(kind, address.key) for kind in self._siblings)
        if same_key := next((known for known in namesakes if known in self.declared), None):
            return f" Did you mean {same_key}?"
        if not siblings:
            return f" No {address.kind} are declared."
        return f" Declared are: {wording.listed([f'{address.kind}.{key}' for key in siblings])}."

    def _copy(self, reference: Reference) -> Any:
        """Return the value that another resource declares for a field."""
        self._check_exists(reference.address)
        if str(reference) in self._copying:
            circle = self._copying[self._copying.index(str(reference)) :]
            if self._circles & set(circle):
                raise BadInterpolation
            self._circles |= set(circle)
            chain = " → ".join([*circle, str(reference)])
            raise EndlessCopy("Cyclic reference", f"These fields are copied from one another: {chain}.")
        if len(self._copying) >= MAX_COPIES:
            detail = f"{reference} is copied from one field to the next, more than {MAX_COPIES} times. Name its origin."
            raise EndlessCopy("Copied too often", detail)
        self._noted[reference] = None
        value = field_of(self.declared[reference.address].spec, reference)
        if isinstance(value, dict | list):
            kind = wording.type_of(value)
            detail = f"{reference} is {kind}; only a single value can be copied. Write the field of it that you need."
            raise BadInterpolation("Not a single value", detail)
        if not isinstance(value, str) or "${" not in value:
            return value
        self._copying.append(str(reference))
        try:
            value = self._evaluate(value)
        except EndlessCopy:
            raise
        except BadInterpolation:
            raise BadInterpolation from None  # told where that field is written
        finally:
            self._copying.pop()
        if isinstance(value, Secret):
            detail = f"{reference} holds a secret. Write ${{secret:{value.name}}} instead."
            raise BadInterpolation("Copied secret", detail)
        return value


def _own(copies: dict[FieldPath, Any], path: FieldPath, spec: Any) -> Any:
    """Return a copy of the block at *path* that hangs in a copy of everything above it; made once."""
    if path not in copies:
        copies[path] = value_at(spec, path).copy()
        if path:
            _own(copies, path[:-1], spec)[path[-1]] = copies[path]
    return copies[path]


def bind(resolved: Resolved, path: FieldPath, value: Any) -> None:
    """Put *value* at *path*, in place: everything on the way to a ``${…}`` is a copy of our own."""
    if not path:
        resolved.spec = value
        return
    block = resolved.spec
    for part in path[:-1]:
        block = block[part]
    block[path[-1]] = value


def _as_text(value: Any, expression: Expression) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case Ref():
            identity = KINDS[value.address.kind].identity
            detail = (
                f"${{{expression}}} is an id, which may not exist yet and means nothing to people who hear the text, "
                "so it has to be the whole value of a field that takes an id. To insert a value that "
                f"{value.address} declares, name the field: ${{{value.address}.{identity}}}."
            )
            raise BadInterpolation("Id inside a text", detail)
        case Secret():
            detail = f"${{secret:{value.name}}} has to be the whole value, in a field that holds a secret."
            raise BadInterpolation("Secret inside a text", detail)
        case Call():
            raise BadInterpolation("Not possible here", "${csv:…} gives the leads of a campaign and nothing else.")
        case _:
            detail = f"${{{expression}}} is null, which cannot be a part of a text."
            raise BadInterpolation("Nothing to insert", detail)


def _check_reference(address: Address, path: FieldPath, kind: Kind) -> None:
    if path[0] == EXTRA:  # whether such a field takes an id, only the API knows
        return
    pattern = pattern_of(path)
    target = kind.expands.get(pattern) or kind.refs.get(pattern)
    if target == address.kind:
        return
    name = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    if target is not None:
        takes = A_KIND.get(target, target)
        detail = f"{name} takes {takes}; ${{{address}}} is {A_KIND.get(address.kind, address.kind)}."
        raise BadInterpolation("Reference of the wrong kind", detail)
    origin = f"{address}.{KINDS[address.kind].identity}"
    detail = f"{name} does not take an id. To copy a value that {address} declares, name the field: ${{{origin}}}."
    raise BadInterpolation("Reference not possible here", detail)


def _readable(name: str, path: FieldPath) -> str:
    field_name = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    return (
        f"${{secret:{name}}} would be sent as {field_name}, which anybody with access to the platform can read back or "
        "hear, so a pull request could print it. Secrets go only into fields made for them; what is not secret can be "
        "a ${var:…}."
    )


def field_of(spec: Spec, reference: Reference) -> Any:
    """Return the value that *spec* has for the field of *reference*.

    Raises:
        BadInterpolation: it has none.
    """
    value: Any = spec
    for depth, part in enumerate(reference.field):
        if isinstance(value, dict) and part in value and (depth or part != "lifecycle"):
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            parent = ".".join([str(reference.address), *reference.field[:depth]])
            declared = [key for key in value if key != "lifecycle"] if isinstance(value, dict) else []
            guess = wording.did_you_mean(part, declared)
            has = f" It declares: {wording.listed(declared)}." if declared and not guess else guess
            detail = f"{parent} does not declare {part}, and only what is written in this stack can be copied.{has}"
            raise BadInterpolation("Field not declared", detail)
    return value
