"""Check that a tag is ready to be published, and write its release notes: ``release.py v1.2.3 notes.md``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
HEADING: Final = re.compile(r"^## \[(.+?)\](.*)\n", re.MULTILINE)


def sections(changelog: str) -> dict[str, tuple[str, str]]:
    """Return the rest of the heading and the text below it, by version, of a changelog as Keep a Changelog has it."""
    _, *parts = HEADING.split(changelog)
    return {parts[at]: (parts[at + 1].strip(), parts[at + 2].strip()) for at in range(0, len(parts), 3)}


def problems(tag: str, version: str, changelog: str) -> list[str]:
    """Return all that is wrong with *tag*, each with what to do about it."""
    found = []
    if not re.fullmatch(r"v\d+\.\d+\.\d+((a|b|rc)\d+)?", tag):
        found.append(f"The tag {tag} is not vX.Y.Z, as in v1.2.3 or v1.2.3rc1. Delete it, and tag again.")
    elif tag != f"v{version}":
        found.append(f'The tag is {tag}, and hmsplan/__init__.py says __version__ = "{version}". Make them agree.')
    written = sections(changelog)
    heading, text = written.get(version, ("", ""))
    if version not in written:
        found.append(f"CHANGELOG.md has no section ## [{version}] - DATE. Give its Unreleased section that heading.")
    elif not text:
        found.append(f"The section ## [{version}] of CHANGELOG.md is empty. It becomes the release notes.")
    elif not re.fullmatch(r"- \d{4}-\d{2}-\d{2}", heading):
        found.append(f"The section of {version} in CHANGELOG.md has no date: ## [{version}] - 2026-01-31.")
    if written.get("Unreleased", ("", ""))[1]:
        found.append(f"CHANGELOG.md has entries under Unreleased. Move them to {version}, or they are in no release.")
    return found


def main(tag: str, notes: str) -> int:
    """Write the section of the changelog to *notes*, or say what is wrong."""
    code = (ROOT / "hmsplan" / "__init__.py").read_text("utf-8")
    (version,) = re.findall(r'^__version__ = "(.+)"$', code, re.MULTILINE)
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    if found := problems(tag, version, changelog):
        sys.stderr.writelines(f"{problem}\n" for problem in found)
        return 1
    Path(notes).write_text(sections(changelog)[version][1] + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
