"""Drafts become the files of a stack. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.config.confined import ENVIRONMENTS, STACK_FILE
from hmsplan.config.yaml_writer import block, scalar
from hmsplan.export.editor import modeline
from hmsplan.export.scaffold import IGNORE, template
from hmsplan.kinds import A_KIND, KINDS
from hmsplan.model import ANY_KEY, dotted, pattern_of, value_at
from hmsplan.secrets.answers import PREFIX, variable_suffix
from hmsplan.text.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.export.draft import Draft, Drafts
    from hmsplan.model import FieldPath

IMPORTS: Final = "imports.yaml"
SECRETS: Final = "secrets.example.env"
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def all_files(drafts: Drafts, *, stack: str, environment: str | None, organization: str | None) -> dict[str, str]:
    """Return path to content of the whole stack.

    Args:
        drafts: what is written.
        stack: its name.
        environment: name of the environment whose file is written; None = none.
        organization: id of the only one that this environment may touch; None = not known.
    """
    files = {STACK_FILE: _stack_file(stack, environment), **_resource_files(drafts)}
    if imports := [draft for draft in drafts.drafts if _UUID.fullmatch(draft.id)]:
        files[IMPORTS] = _imports(imports)
    if environment is not None:
        files[f"{ENVIRONMENTS}/{environment}.yaml"] = _environment(organization)
    files = {path: f"{modeline(path)}\n\n{text}" for path, text in files.items()}
    if secrets := [(draft, path) for draft in drafts.drafts for path in draft.secrets]:
        files[SECRETS] = _secrets_list(secrets)
    return {**files, **drafts.files, IGNORE: template("gitignore")}


def resource_file(draft: Draft, path: str) -> str:
    """Return the content of a file, at *path*, that declares one resource and says which live object it is."""
    kind, key = draft.address
    lines = [f"{kind}:", f"  {key}:", *block(draft.spec, 4), *_outside(draft), *_secrets(draft)]
    if _UUID.fullmatch(draft.id):
        lines += ["", "# Which live object it is: without this, hmsplan could create it a second time.", "imports:"]
        lines.append(f"  - {{to: {draft.address}, id: {scalar(draft.id)}}}")
    text = "\n".join(lines)
    return f"{modeline(path)}\n\n{text}\n"


def file_of(draft: Draft) -> str:
    """Return where the resource is written."""
    kind, key = draft.address
    return KINDS[kind].file or f"{kind}/{key}.yaml"


def _stack_file(stack: str, environment: str | None) -> str:
    chosen = f"default_environment: {scalar(environment)}\n" if environment is not None else ""
    return f"version: 1\nstack: {scalar(stack)}\n{chosen}state: file\n"


def _environment(organization: str | None) -> str:
    said = "# organization: the id of the only one to touch"
    if organization and _UUID.fullmatch(organization):
        said = f"organization: {scalar(organization)}"
    return f"# A key of any other organization is refused.\n{said}\n"


def _imports(drafts: list[Draft]) -> str:
    lines = [
        "# Which live object each resource is. A state that binds them makes these lines needless; without it (on",
        "# another computer, in CI) they let hmsplan adopt the objects instead of creating them again.",
        "imports:",
        *(f"  - {{to: {draft.address}, id: {scalar(draft.id)}}}" for draft in drafts),
    ]
    return "\n".join(lines) + "\n"


def _resource_files(drafts: Drafts) -> dict[str, str]:
    texts: dict[str, list[str]] = {}
    for draft in drafts.drafts:
        lines = texts.setdefault(file_of(draft), [f"{draft.address.kind}:"])
        if len(lines) > 1:
            lines.append("")
        lines += [f"  {draft.address.key}:", *block(draft.spec, 4), *_outside(draft), *_secrets(draft)]
    return {path: "\n".join(lines) + "\n" for path, lines in texts.items()}


def _outside(draft: Draft) -> Iterator[str]:
    """Say whose ids stand in the resource, of what is not written."""
    for path, address in draft.outside:
        yield f"    # {dotted(path)} is the id of {address}, which is not in these files."


def _secrets(draft: Draft) -> Iterator[str]:
    """Say which secrets were not exported, and how to declare them."""
    kind = KINDS[draft.address.kind]
    whole = {path[:-1]: [each for each in draft.secrets if each[:-1] == path[:-1]] for path in draft.secrets}
    for at, paths in whole.items():
        is_map = (*pattern_of(at), ANY_KEY) in kind.secrets
        them = f"{len(paths)} secrets are set here" if is_map and len(paths) > 1 else "A secret may be set here"
        yield f"    # {them}, and none is ever exported. To manage {'all of them' if is_map else 'it'}, set"
        names = [f"{PREFIX}{variable_suffix(_secret_name(draft, path))}" for path in paths]
        yield from (f"    # {name}" for name in names[:-1])
        if is_map and len(at) == 1:
            yield f"    # {names[-1]} and take the next # of each line away."
            yield f"    # {at[0]}:"
            yield from (f"    #   {_line(draft, path)}" for path in paths)
            continue
        if at:
            yield f"    # {names[-1]} and write the next line into {dotted(at)},"
            if at[-1] == "server" and value_at(draft.spec, at) is None:
                yield "    # together with the url of the tool (server: {url: ..., secret: ...}),"
            yield "    # before you change anything else of this list: a list is sent as it stands here."
        else:
            yield f"    # {names[-1]} and take the next # away."
        if not kind.patchable:
            yield f"    # {sentence(A_KIND[kind.name])} cannot be changed; a new one will take its place."
        yield from (f"    # {_line(draft, path)}" for path in paths)


def _line(draft: Draft, path: FieldPath) -> str:
    (line,) = block({str(path[-1]): f"${{secret:{_secret_name(draft, path)}}}"})
    return line


def _secret_name(draft: Draft, path: FieldPath) -> str:
    parts = [draft.address.key, *(str(part) for part in path if part not in {"llm_config", "server", "definition"})]
    return re.sub(r"[^A-Za-z0-9_]", "_", "_".join(parts))


def _secrets_list(secrets: Iterable[tuple[Draft, FieldPath]]) -> str:
    lines = [
        "# The secrets that the resources may declare; none is ever exported. Copy this file to secrets.env, keep that",
        "# out of git, fill in those that you declare, and name it: hmsplan --secrets-file secrets.env plan",
    ]
    for draft, path in secrets:
        lines += ["", f"# {draft.address} {dotted(path)}", f"{PREFIX}{variable_suffix(_secret_name(draft, path))}="]
    return "\n".join(lines) + "\n"
