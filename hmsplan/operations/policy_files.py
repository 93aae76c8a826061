"""The files of ``policies/``: those of the working tree, or of a git revision, which a pull request cannot change."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hmsplan.config.confined import Folder
from hmsplan.config.interpolation import FileProblem
from hmsplan.errors import ConfigError, HmsplanError
from hmsplan.model import Diagnostic, Severity, SourceLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER: Final = "policies"
_ENDING: Final = ".rego"
_TEST: Final = "_test.rego"
_MOST_BYTES: Final = 2**20
_GIT_S: Final = 60
_REGULAR: Final = frozenset({"100644", "100755"})
_LINK: Final = "120000"
_TREE: Final = b"040000 "
_LINKED: Final = "A policy is never skipped, and git does not store what a link leads to. Put the folder itself here."


class PoliciesNotRead(HmsplanError):
    """The trusted policies are not at hand, so nothing is planned without them."""

    summary = "Policies not read"


@dataclass(frozen=True, slots=True)
class Policies:
    """Policies and the tests of them.

    Attributes:
        files: path from the root of the stack to text, sorted.
        ref: the git revision they are from; "" = the working tree.
        notes: where the working tree has others.
    """

    files: Mapping[str, str]
    ref: str = ""
    notes: tuple[Diagnostic, ...] = ()

    @property
    def rules(self) -> dict[str, str]:
        """The files that are no tests."""
        return {path: text for path, text in self.files.items() if not is_test(path)}

    def place(self, file: str, line: int) -> str:
        """Say where a line is."""
        return f"{file}:{line}" + (f" of {self.ref}" if self.ref else "")

    def source(self, file: str, line: int) -> SourceLine | None:
        """Return the place of a line; None when the working tree may have another one there."""
        return SourceLine(file, max(line, 1)) if not self.ref else None


def is_test(path: str) -> bool:
    """Say whether a file of policies only tests others."""
    return path.endswith(_TEST)


def read_policies(root: Path, ref: str | None = None) -> Policies:
    """Return the policies of the stack in *root*, of the git revision *ref* if one is named.

    Raises:
        ConfigError: files cannot be read; all of them are named.
        PoliciesNotRead: git does not give those of *ref*.
    """
    if not ref:
        return Policies(_declared(root))
    trusted = Policies(_trusted(root, ref), ref)
    try:
        declared = _declared(root)
    except ConfigError as error:  # they do not count
        return replace(trusted, notes=tuple(replace(each, severity=Severity.WARNING) for each in error.diagnostics))
    return replace(trusted, notes=tuple(_differences(declared, trusted.rules, ref)))


def _differences(declared: Mapping[str, str], trusted: Mapping[str, str], ref: str) -> Iterator[Diagnostic]:
    for path in sorted({path for path in declared if not is_test(path)} | trusted.keys()):
        ours, theirs = declared.get(path), trusted.get(path)
        if ours == theirs:
            continue
        if theirs is None:
            said = f"{path} is not in {ref}, and counts once it is there."
        elif ours is None:
            said = f"{path} is not here any more; the one of {ref} counts."
        else:
            said = f"{path} differs from {ref}; the one of {ref} counts."
        place = SourceLine(path, 1) if ours is not None else None
        yield Diagnostic("Other policies are in force", said, place, severity=Severity.WARNING)


def _declared(root: Path) -> dict[str, str]:
    folder = Folder(str(root))
    files, problems = {}, []
    for path in _paths(root):
        try:
            files[path] = folder.read_text(path)
        except FileProblem as problem:
            problems.append(Diagnostic(problem.summary, problem.detail, SourceLine(path, 1)))
    if problems:
        raise ConfigError(problems)
    return files


def _paths(root: Path) -> list[str]:
    """Return every file of the folder that is one of policies, at any depth.

    Raises:
        ConfigError: a folder is a link; what it leads to is not what git stores, and a policy is never skipped.
    """
    found, links = [], [FOLDER] if (root / FOLDER).is_symlink() else []
    for at, folders, names in os.walk(root / FOLDER):
        inside = Path(at).relative_to(root)
        links += [(inside / name).as_posix() for name in folders if Path(at, name).is_symlink()]
        found += [(inside / name).as_posix() for name in names if name.endswith(_ENDING)]
    if links:
        raise ConfigError([Diagnostic("Linked policies", _LINKED, SourceLine(path, 1)) for path in sorted(links)])
    return sorted(found)


def _trusted(root: Path, ref: str) -> dict[str, str]:
    """Ask git, by the id of the commit, for what it stores: no filter or link of the working tree counts."""
    if ref.startswith("-"):
        raise PoliciesNotRead(f"{ref!r} cannot be a revision: it begins with a hyphen")
    named = f"{_full_name(root, ref)}^{{commit}}"
    commit = _git(root, ref, "rev-parse", "--verify", "--quiet", "--end-of-options", named).strip()
    whole = _git(root, ref, "ls-tree", "-z", commit.decode("ascii"), "--", FOLDER)
    if whole and not whole.startswith(_TREE):
        raise PoliciesNotRead(f"{FOLDER} of {ref} is a link or a file, and only a folder is read")
    listed = _git(root, ref, "ls-tree", "-r", "-z", commit.decode("ascii"), "--", f"{FOLDER}/")
    files = {}
    for entry in listed.decode("utf-8", "surrogateescape").split("\0"):
        head, _, path = entry.partition("\t")
        mode, _, blob = head.split() if head else ("", "", "")
        if mode != _LINK and not path.endswith(_ENDING):
            continue
        if mode not in _REGULAR:
            raise PoliciesNotRead(f"{path} of {ref} is a link, and only regular files are read")
        files[path] = _text(_git(root, ref, "cat-file", "blob", blob), path, ref)
    return dict(sorted(files.items()))


def _full_name(root: Path, ref: str) -> str:
    """Return what *ref* names, which git takes for one thing only: who may push a tag would decide what it stands for.

    Raises:
        PoliciesNotRead: a branch and something else have that name, or it is a tag.
    """
    name = re.split(r"[~^@:]", ref, maxsplit=1)[0]
    if not name or name == "HEAD" or name.startswith("refs/") or re.fullmatch(r"[0-9a-f]{7,64}", name):
        return ref
    found = [f"refs/{kind}/{name}" for kind in ("remotes", "heads", "tags") if _is_there(root, f"refs/{kind}/{name}")]
    if len(found) > 1 or found[:1] == [f"refs/tags/{name}"]:
        raise PoliciesNotRead(
            f"{ref} is {' and '.join(found)}, and a tag is moved by everyone who may push one. Name the one that you "
            f"trust in full:\n  --trust-from {found[0]}"
        )
    return found[0] + ref[len(name) :] if found else ref


def _is_there(root: Path, name: str) -> bool:
    try:
        return bool(_git(root, name, "rev-parse", "--verify", "--quiet", "--end-of-options", name))
    except PoliciesNotRead:
        return False


def _text(data: bytes, path: str, ref: str) -> str:
    if len(data) > _MOST_BYTES:
        raise PoliciesNotRead(f"{path} of {ref} has {len(data):,} bytes; it may have {_MOST_BYTES:,}")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise PoliciesNotRead(f"{path} of {ref} is not UTF-8") from None


def _git(root: Path, ref: str, *words: str) -> bytes:
    command = ["git", "--no-replace-objects", "-C", str(root), *words]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_GIT_S, check=False)  # noqa: S603 -- no shell, and ref is no option
    except OSError as error:
        raise PoliciesNotRead(f"git cannot be started: {error.strerror}. Install git, or leave out {ref}") from None
    except subprocess.TimeoutExpired:
        raise PoliciesNotRead(f"git did not answer within {_GIT_S} s") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1] if said else "it knows no such revision"
        raise PoliciesNotRead(
            f"git does not give the policies of {ref}: {reason}. Nothing is planned without them. Is the revision "
            "here? A checkout of CI often has one commit only. Type\n  git fetch origin"
        )
    return done.stdout
