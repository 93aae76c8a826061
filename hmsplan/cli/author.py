"""Who runs this, and from which commit: for the history of applies."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from typing import TYPE_CHECKING, Final

from hmsplan.model import Author

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TIMEOUT_S: Final = 5


def author_of(directory: Path, environ: Mapping[str, str]) -> Author:
    """Return what is known of this run; nothing of it is asked of a network."""
    commit = _git(directory, "rev-parse", "HEAD")
    changed = _git(directory, "status", "--porcelain", "--", ".") if commit else None
    return Author(
        user=_text(environ.get("GITHUB_ACTOR") or environ.get("GITLAB_USER_LOGIN") or _user()),
        host=socket.gethostname(),
        run=_text(_run(environ)),
        commit=_text(commit or environ.get("GITHUB_SHA") or environ.get("CI_COMMIT_SHA") or ""),
        is_clean=None if changed is None else not changed,
    )


def _text(value: str) -> str:
    """Return *value* with a mark in place of each byte that is not UTF-8: such a text cannot be stored."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name
        return ""


def _run(environ: Mapping[str, str]) -> str:
    """Return the URL of the CI run, on GitHub or GitLab."""
    if run := environ.get("GITHUB_RUN_ID"):
        return f"{environ.get('GITHUB_SERVER_URL', '')}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{run}"
    return environ.get("CI_JOB_URL", "")


def has_merges(directory: Path, old: str, new: str) -> bool:
    """Say whether git knows of merges among the commits that are in *new* and not in *old*."""
    return bool(_git(directory, "rev-list", "--merges", "--max-count=1", f"{old}..{new}", "--"))


def _git(directory: Path, *words: str) -> str | None:
    """Return what git says of the folder; None when there is no git, or no repository."""
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(directory), *words]  # which would start a program
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        found = subprocess.run(  # noqa: S603 -- words of our own
            command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False, env=environ
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
