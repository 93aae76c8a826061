"""The grammar of ``${…}``.

``${var:x}``, ``${secret:x}``, ``${file:path}``, ``${csv:path}``, ``${kind.key}``, ``${kind.key.field}``; ``$${`` is a
literal ``${``. Anything else after ``${`` is an error. ``{{…}}`` belongs to the platform and is not looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hmsplan.kinds import KINDS
from hmsplan.model import KEY_PATTERN, Address, leaves
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.model import FieldPath

TEMPLATE_FILES: Final = (".tmpl.md", ".tmpl.txt")
"""Endings of the files whose contents are interpolated."""

ALLOWED: Final = "${var:name}, ${secret:name}, ${file:path}, ${csv:path}, ${kind.key} and ${kind.key.field}"

_MARK: Final = re.compile(r"\$\$\{|\$\{([^{}\n]*\}?)")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_VARIABLE: Final = re.compile(r"(?<!\$)\$\{var:([A-Za-z][A-Za-z0-9_-]*)\}")
_SECRET: Final = re.compile(r"(?<!\$)\$\{secret:([A-Za-z][A-Za-z0-9_-]*)\}")
_FILE: Final = re.compile(r"(?<!\$)\$\{file:([^{}\n]+)\}")
_CSV: Final = re.compile(r"\$\{csv:([^{}\n]+)\}")
_REFERENCE: Final = re.compile(rf"([a-z_]+)\.({KEY_PATTERN})((?:\.[A-Za-z0-9_-]+)*)")


@dataclass(frozen=True, slots=True)
class Call:
    """``${form:argument}``.

    Attributes:
        form: ``var``, ``secret``, ``file`` or ``csv``.
        argument: a name, or the path of a file.
    """

    form: str
    argument: str

    def __str__(self) -> str:
        return f"{self.form}:{self.argument}"


@dataclass(frozen=True, slots=True)
class Reference:
    """``${kind.key}``, or ``${kind.key.field}`` with the dotted field in *field*."""

    address: Address
    field: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join([str(self.address), *self.field])


Expression: TypeAlias = Call | Reference


class BadInterpolation(Exception):
    """What stands after ``${`` cannot be used. Carries a summary and a detail; both empty = told elsewhere."""

    def __init__(self, summary: str = "", detail: str = "") -> None:
        super().__init__(summary, detail)
        self.summary = summary
        self.detail = detail


class EndlessCopy(BadInterpolation):
    """Fields are copied from one another without an end."""


class FileProblem(BadInterpolation):
    """A file that a stack names, mostly in ``${file:path}``, may not or cannot be read."""


def texts_of(value: Any) -> Iterator[tuple[FieldPath, str]]:
    """Yield every text in *value* that holds ``${``, with its path."""
    return ((path, leaf) for path, leaf in leaves(value) if isinstance(leaf, str) and "${" in leaf)


def whole_file(value: object) -> str | None:
    """Return the path in ``${file:path}`` when *value* is that and nothing else."""
    found = _FILE.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found is not None else None


def whole_csv(value: object) -> str | None:
    """Return the path in ``${csv:path}`` when *value* is that and nothing else."""
    found = _CSV.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found is not None else None


def parse_text(text: str) -> list[str | Expression]:
    """Split *text* into plain parts and expressions; adjacent plain parts are not joined.

    Raises:
        BadInterpolation: for the first ``${`` that is none of ours.
    """
    parts: list[str | Expression] = []
    end = 0
    for match in _MARK.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        end = match.end()
        inside = match[1]
        if inside is None:
            parts.append("${")
        elif inside.endswith("}"):
            parts.append(parse_expression(inside[:-1]))
        elif text.startswith("{", match.end()) and not inside:
            detail = f"${{{{ … }}}} is GitHub's, not hmsplan's. Allowed are {ALLOWED}; $${{ is a literal ${{."
            raise BadInterpolation("Unknown interpolation", detail)
        else:
            detail = f"A ${{ is not closed by a }} on its line. Write $${{ for a literal ${{. Allowed are {ALLOWED}."
            raise BadInterpolation("Unclosed ${", detail)
    if end < len(text):
        parts.append(text[end:])
    return parts


def escape(text: str) -> str:
    """Return *text* such that ``parse_text`` gives it back unchanged."""
    return text.replace("${", "$${") if "${" in text else text


@lru_cache(maxsize=4096)
def parse_expression(inside: str) -> Expression:
    """Read what stands between ``${`` and ``}``.

    Raises:
        BadInterpolation: it is none of the forms that are allowed.
    """
    head, colon, rest = inside.partition(":")
    if not colon:
        return _parse_reference(inside)
    match head:
        case "var" | "secret":
            if _NAME.fullmatch(rest) is None:
                raise BadInterpolation(
                    "Bad name",
                    f"${{{inside}}} has no usable name. Begin with a letter; go on with letters, digits, _ and -.",
                )
            return Call(head, rest)
        case "file" | "csv":
            if rest != rest.strip() or not rest:
                raise BadInterpolation("Bad path", f"${{{inside}}} has no usable path. Write ${{{head}:folder/name}}.")
            return Call(head, rest)
        case "env":
            raise BadInterpolation(
                "Environment cannot be read",
                f"${{{inside}}} is refused: anyone who proposes a change could print any variable of the machine that "
                f"runs hmsplan. Declare a variable and give it as HMSPLAN_VAR_{_shout(rest)}, or use ${{secret:…}} in "
                "a field that holds a secret.",
            )
        case _:
            raise _not_allowed(inside, wording.did_you_mean(head, ["var", "secret", "file", "csv"]))


def _parse_reference(inside: str) -> Expression:
    match = _REFERENCE.fullmatch(inside)
    if match is None:
        if _NAME.fullmatch(inside):
            raise _not_allowed(inside, f" Did you mean ${{var:{inside}}}?")
        raise _not_allowed(inside)
    kind = match[1]
    if kind not in KINDS:
        guess = wording.did_you_mean(kind, [*KINDS, "var", "file"])
        raise BadInterpolation(
            "Unknown kind", f"${{{inside}}}: {kind} is not a kind.{guess} The kinds are {wording.listed(KINDS)}."
        )
    return Reference(Address(kind, match[2]), tuple(match[3].split(".")[1:]))


def _not_allowed(inside: str, hint: str = "") -> BadInterpolation:
    return BadInterpolation(
        "Unknown interpolation",
        f"${{{inside}}} is not a known form.{hint} Allowed are {ALLOWED}; $${{ is a literal ${{.",
    )


def _shout(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "NAME"


def names_in(text: str) -> set[str]:
    """Return the variables that *text* names, whether or not the rest of it can be read."""
    return set(_VARIABLE.findall(text))


def secrets_in(text: str) -> set[str]:
    """Return the secrets that *text* names, likewise."""
    return set(_SECRET.findall(text))


def template_files(text: str) -> list[str]:
    """Return the paths of interpolated files that *text* names."""
    return [path for path in _FILE.findall(text) if path.endswith(TEMPLATE_FILES)]
