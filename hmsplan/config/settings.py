"""What ``hmsplan.yaml`` and an environment file say, apart from resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config.interpolation import texts_of
from hmsplan.config.schema_violation import violations_of
from hmsplan.config.windows import freezes_of, misordered, windows_of
from hmsplan.kinds import KINDS
from hmsplan.model import Diagnostic, LintSettings, Retention, Safety, Severity, pattern_of
from hmsplan.text import wording
from hmsplan.text.timestamps import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.config.document import Document, Node
    from hmsplan.config.schema_violation import SchemaViolation
    from hmsplan.model import FieldPath

OFF: Final = "off"
DEFAULT_INCLUDE: Final = ("**/*.yaml", "**/*.yml")
_INTERPOLATED_BLOCKS: Final = ("defaults", "bases", "overrides")
_STATE_PARAMETERS: Final = frozenset({"sslmode", "connect_timeout", "target_session_attrs"})
"""What git may say about a connection. Another host, file or service of the runner is not among it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The stack file.

    Attributes:
        name: of the stack; empty when the file does not say.
        state: where state is kept, as written.
        default_environment: used where none is named; None = there is none.
    """

    name: str = ""
    include: tuple[str, ...] = DEFAULT_INCLUDE
    state: str = "file"
    default_environment: str | None = None


def read_settings(document: Document) -> Settings:
    """Return the settings of a stack file; what does not fit its schema counts as absent."""
    stack = document.value if isinstance(document.value, dict) else {}
    include = stack.get("include")
    usable = isinstance(include, list) and all(isinstance(item, str) for item in include) and include
    return Settings(
        name=_text(stack.get("stack"), ""),
        include=tuple(include) if usable else DEFAULT_INCLUDE,  # type: ignore[arg-type]  # a list, see above
        state=_text(stack.get("state"), "file"),
        default_environment=_text(stack.get("default_environment"), "") or None,
    )


def read_safety(*nodes: Node | None) -> Safety:
    """Return the limits; a later node wins over an earlier one. Only for nodes that fit their schema."""
    chosen: dict[str, Any] = {}
    for node in nodes:
        if node is not None and isinstance(node.value, dict):
            chosen |= node.value
    limits: dict[str, Any] = {}
    limits |= {name: chosen[name] for name in ("max_deletes", "max_new_calls") if name in chosen}
    if "max_delete_share" in chosen:
        limits["max_delete_share"] = int(chosen["max_delete_share"].removesuffix("%")) / 100
    for name in ("settle_grace", "plan_ttl"):
        if name in chosen:
            limits[f"{name}_s"] = float(seconds(chosen[name]))
    windows = windows_of(_last(nodes, "windows"))
    return Safety(**limits, windows=windows, freezes=freezes_of(_last(nodes, "freeze"), windows))


def _last(nodes: Iterable[Node | None], key: str) -> Node | None:
    """Return what the last of *nodes* that has *key* says of it."""
    found = (node.child(key) for node in nodes if node is not None and isinstance(node.value, dict))
    return next(reversed([node for node in found if node is not None]), None)


def read_retention(node: Node | None) -> Retention:
    """Return how much of the history is kept. Only for a node that fits its schema."""
    chosen = node.value if node is not None and isinstance(node.value, dict) else {}
    limits = {"entries": chosen["keep"]} if "keep" in chosen else {}
    return Retention(**limits, for_s=float(seconds(chosen["for"])) if "for" in chosen else None)


def read_lint(node: Node | None) -> LintSettings:
    """Return what the stack says of lint. Only for a node that fits its schema."""
    if node is None or not isinstance(node.value, dict):
        return LintSettings()
    rules = node.child("rules")
    named = rules.entries() if rules is not None and isinstance(rules.value, dict) else ()
    chosen = {name: (child.value, child.document.line_of(at)) for name, at, child in named}
    return LintSettings(
        {name: None if severity == OFF else Severity(severity) for name, (severity, _) in chosen.items()},
        Severity(node.value.get("fail_severity", Severity.ERROR)),
        {name: source for name, (_, source) in chosen.items()},
    )


def check_file(document: Document, name: str, title: str) -> list[Diagnostic]:
    """Return what is wrong with a stack or environment file; *name* is its schema."""
    value = {} if document.value is None else document.value
    problems = list(_stray_interpolations(document)) if isinstance(document.value, dict) else []
    state_problems = check_state(document)
    problems += state_problems
    for violation in violations_of(value, name, title=title, is_secret=is_secret):
        if state_problems and violation.path == ("state",):
            continue
        if violation.path == ("version",):
            violation = _other_version(violation, value)  # noqa: PLW2901
        problems.append(violation.told(document.root().locate))
    safety = None if problems or not isinstance(value, dict) else document.root().child("safety")
    return [*problems, *misordered(safety.child("freeze") if safety is not None and safety.value else None)]


def check_state(document: Document) -> list[Diagnostic]:
    """Return what an address of the state may not hold, since it stands in git; it is not repeated."""
    root = document.root()
    url = root.value.get("state") if isinstance(root.value, dict) else None
    if not isinstance(url, str) or "://" not in url:
        return []
    node, _ = root.find(("state",))
    address = url.partition("://")[2]
    if ":" in address.rpartition("@")[0]:
        detail = (
            "A password does not belong in a file. Take it out of the address, and export PGPASSWORD together with "
            "PGHOST, or keep it in ~/.pgpass. If it was ever committed, change it at its source: git keeps it."
        )
        return [Diagnostic("Secret in plain text", detail, node.source, path=("state",))]
    named = {pair.partition("=")[0] for pair in address.partition("?")[2].split("&") if pair}
    if url.startswith("postgres") and (refused := sorted(named - _STATE_PARAMETERS)):
        detail = (
            f"An address in git may say {wording.listed(sorted(_STATE_PARAMETERS))}, not {wording.listed(refused)}: "
            "what belongs to the machine comes from its environment, as PGSSLROOTCERT, PGSERVICE or the whole "
            "HMSPLAN_STATE."
        )
        return [Diagnostic("Not possible here", detail, node.source, path=("state",))]
    return []


def _other_version(violation: SchemaViolation, value: Any) -> SchemaViolation:
    detail = f"This hmsplan reads version 1 of the format; the file says {wording.shown(value['version'])}."
    return violation._replace(summary="Stack file of another version", detail=detail)


def is_secret(path: FieldPath) -> bool:
    """Say whether a path of a stack or environment file, inside a layer of resources, holds a secret."""
    match path:
        case (("defaults" | "overrides"), str(owner), *rest):
            kind = KINDS.get(owner.partition(".")[0])
            return kind is not None and kind.is_secret(pattern_of(tuple(rest)))
        case _:
            return False


def _stray_interpolations(document: Document) -> Iterator[Diagnostic]:
    for path, _ in texts_of(document.value):
        if path[0] not in _INTERPOLATED_BLOCKS and path[0] != "variables":
            detail = f"{path[0]} is read before anything can be filled in, so ${{…}} has no meaning here."
            yield Diagnostic("Not possible here", detail, document.root().locate(path), path=path)


def _text(value: Any, otherwise: str) -> str:
    return value if isinstance(value, str) else otherwise
