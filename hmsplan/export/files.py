"""Drafts become the files of a stack. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.config.confined import ENVIRONMENTS, STACK_FILE
from hmsplan.config.yaml_writer import block, scalar
from hmsplan.export.scaffold import IGNORE, SCHEMAS, template
from hmsplan.kinds import A_KIND, KINDS
from hmsplan.model import dotted
from hmsplan.secrets.sources import PREFIX, variable_suffix
from hmsplan.text.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.export.draft import Draft, Drafts

IMPORTS: Final = "imports.yaml"
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def all_files(drafts: Drafts, *, stack: str, environment: str | None, organization: str | None) -> dict[str, str]:
    """Return path to content of the whole stack.

    Args:
        drafts: what is written.
        stack: its name.
        environment: name of the environment whose file is written; None = none.
        organization: id of the only one that this environment may touch; None = not known.
    """
    files = {STACK_FILE: _stack_file(stack), **_resource_files(drafts), **drafts.files, IGNORE: template("gitignore")}
    if imports := [draft for draft in drafts.drafts if _UUID.fullmatch(draft.id)]:
        files[IMPORTS] = _imports(imports)
    if environment is not None:
        files[f"{ENVIRONMENTS}/{environment}.yaml"] = _environment(organization)
    return files


def file_of(draft: Draft) -> str:
    """Return where the resource is written."""
    kind, key = draft.address
    return KINDS[kind].file or f"{kind}/{key}.yaml"


def _modeline(name: str) -> str:
    return f"# yaml-language-server: $schema={SCHEMAS}{name}.schema.json\n\n"


def _stack_file(stack: str) -> str:
    return f"{_modeline('hmsplan')}version: 1\nstack: {scalar(stack)}\nstate: file\n"


def _environment(organization: str | None) -> str:
    said = (
        f"organization: {scalar(organization)}" if organization else "# organization: the id of the only one to touch"
    )
    return f"{_modeline('environment')}# A key of any other organization is refused.\n{said}\n"


def _imports(drafts: list[Draft]) -> str:
    lines = [
        "# Which live object each resource is. A state that binds them makes these lines needless; without it (on",
        "# another computer, in CI) they let hmsplan adopt the objects instead of creating them again.",
        "imports:",
        *(f"  - {{to: {draft.address}, id: {scalar(draft.id)}}}" for draft in drafts),
    ]
    return _modeline("resources") + "\n".join(lines) + "\n"


def _resource_files(drafts: Drafts) -> dict[str, str]:
    texts: dict[str, list[str]] = {}
    for draft in drafts.drafts:
        lines = texts.setdefault(file_of(draft), [f"{draft.address.kind}:"])
        if len(lines) > 1:
            lines.append("")
        lines += [f"  {draft.address.key}:", *block(draft.spec, 4), *_secrets(draft)]
    return {path: _modeline("resources") + "\n".join(lines) + "\n" for path, lines in texts.items()}


def _secrets(draft: Draft) -> Iterator[str]:
    """Say which secrets were not exported, and how to declare them."""
    kind = KINDS[draft.address.kind]
    for path in draft.secrets:
        name = _secret_name(draft, path)
        yield "    # A secret may be set here, and none is ever exported. To manage it, set"
        if len(path) > 1:
            yield f"    # {PREFIX}{variable_suffix(name)} and write the next line into {dotted(path[:-1])},"
            yield "    # before you change anything else of this list: a list is sent as it stands here."
        else:
            yield f"    # {PREFIX}{variable_suffix(name)} and take the next # away."
        if not kind.patchable:
            yield f"    # {sentence(A_KIND[kind.name])} cannot be changed; a new one will take its place."
        yield f"    # {path[-1]}: ${{secret:{name}}}"


def _secret_name(draft: Draft, path: tuple[str | int, ...]) -> str:
    parts = [draft.address.key, *(str(part) for part in path if part not in {"llm_config", "server"})]
    return re.sub(r"[^A-Za-z0-9_]", "_", "_".join(parts))
