"""The documentation as a site is whole, and fetches nothing from another host."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from .helpers import REPOSITORY, environment

if TYPE_CHECKING:
    from pathlib import Path

FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make site` does: a dead link, a dead anchor and a page that no menu names are errors."""
    made = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(made)],
        cwd=REPOSITORY,
        env=environment(NO_MKDOCS_2_WARNING="1"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return made


def test_every_page_is_in_the_site_and_can_be_searched(site: Path) -> None:
    sources = {path.relative_to(REPOSITORY / "docs") for path in (REPOSITORY / "docs").rglob("*.md")}
    homes = {(path.parent if path.stem in {"index", "README"} else path.with_suffix("")).as_posix() for path in sources}
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    found = {entry["location"].partition("#")[0].rstrip("/") or "." for entry in index["docs"]}
    assert found == homes
    assert all((site / home / "index.html").is_file() for home in homes)


def test_a_page_fetches_nothing_from_another_host(site: Path) -> None:
    fetched = [
        (page.relative_to(site).as_posix(), value)
        for page in site.rglob("*.html")
        for value in Fetched(page.read_text("utf-8")).found
        if not re.fullmatch(r"(?!//)[\w./%#?=-]+|data:.*", value)
    ]
    assert fetched == []
    styles = [path.read_text("utf-8") for path in site.rglob("*.css")]
    assert styles
    assert not [url for style in styles for url in re.findall(r"url\(\W?(https?:|//)|@import", style)]


class Fetched(HTMLParser):
    """What a browser fetches for a page by itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        value = dict(attrs).get(FETCHED.get(tag, ""))
        if value is not None:
            self.found.append(value)
