"""SOPS itself decrypts for ``--secrets sops:FILE``: the release that a registry has, with a key of GnuPG."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from hmsplan.secrets.answers import ask
from hmsplan.secrets.source import Source

from .outside import JUDGES, needs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOOK: Final = "h00k-of-the-file"
QUICK: Final = ("gpg", "--batch", "--quiet", "--passphrase", "")

pytestmark = [
    pytest.mark.system,
    needs("sops"),
    pytest.mark.skipif(shutil.which("gpg") is None, reason="GnuPG is not installed"),
]


@contextmanager
def keyring(patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Make a key, in a folder whose path is short enough for the agent's socket; return its fingerprint."""
    with tempfile.TemporaryDirectory(prefix="gpg-") as folder:
        patch.setenv("GNUPGHOME", folder)
        subprocess.run([*QUICK, "--quick-gen-key", "tests@example.com", "rsa2048", "default", "never"], check=True)
        listed = subprocess.run(["gpg", "--list-keys", "--with-colons"], capture_output=True, text=True, check=True)
        (key,) = [line.split(":")[9] for line in listed.stdout.splitlines() if line.startswith("fpr:")][:1]
        subprocess.run([*QUICK, "--quick-add-key", key, "rsa2048", "encr", "never"], check=True)
        yield key
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=False)


def test_sops_decrypts_and_what_it_says_when_it_cannot_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{JUDGES / 'sops' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    texts = {"yaml": f"hook: {HOOK}\nport: 5\n", "json": json.dumps({"hook": HOOK, "port": 5})}
    with keyring(monkeypatch) as key:
        for ending, text in texts.items():
            plain, file = tmp_path / f"plain.{ending}", tmp_path / f"secrets.{ending}"
            plain.write_text(text, "utf-8")
            done = subprocess.run(["sops", "--encrypt", "--pgp", key, plain], capture_output=True, check=True)
            file.write_bytes(done.stdout)
            assert HOOK.encode() not in done.stdout
            (answer,), problems = ask([Source("sops", str(file))], ["hook"], {})
            assert problems == []
            assert answer.values == {"hook": HOOK}
    monkeypatch.setenv("GNUPGHOME", str(tmp_path))
    answers, (problem,) = ask([Source("sops", str(tmp_path / "secrets.yaml"))], ["hook"], {})
    assert answers == []
    assert "ended with exit code" in problem.detail
    assert "could not retrieve a key" in problem.detail
