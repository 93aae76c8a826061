"""What the metadata of the package says about the repository: hatchling runs this when it builds.

``HMSPLAN_REPOSITORY_URL`` is set by the release workflow. Then the package has URLs, and the links and pictures of its
README lead to the files of that version. Without it no address is written, and the README stays as it is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK: Final = re.compile(r"(!?)(\[[^\]]*\]\()(?![a-z]+:|#)([^)\s]+)(?=\))")


def absolute(text: str, url: str, version: str, root: Path) -> str:
    """Return Markdown whose links below *root* lead to the repository at *url*, in the tag of *version*."""

    def link(found: re.Match[str]) -> str:
        picture, label, path = found.groups()
        view = "raw" if picture else "tree" if (root / path).is_dir() else "blob"
        return f"{picture}{label}{url}/{view}/v{version}/{path}"

    return LINK.sub(link, text)


class Metadata(MetadataHookInterface):
    """The fields that ``pyproject.toml`` leaves to this file."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set ``readme``, and ``urls`` where they are known."""
        root = Path(self.root)
        text = (root / "README.md").read_text("utf-8")
        if url := os.environ.get("HMSPLAN_REPOSITORY_URL", "").rstrip("/"):
            code = (root / "hmsplan" / "__init__.py").read_text("utf-8")
            (version,) = re.findall(r'^__version__ = "(.+)"$', code, re.MULTILINE)
            text = absolute(text, url, version, root)
            metadata["urls"] = {
                "Source": url,
                "Documentation": f"{url}/tree/v{version}/docs",
                "Changelog": f"{url}/blob/v{version}/CHANGELOG.md",
                "Issues": f"{url}/issues",
            }
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
