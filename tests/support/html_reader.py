"""What a browser and GitHub make of a page: its tags, and its text inside and outside of code."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from markdown_it import MarkdownIt

MARKDOWN: Final = MarkdownIt("gfm-like")
VOID: Final = {"br", "hr", "img", "input", "meta", "link"}


class Reader(HTMLParser):
    """Every tag with its attributes, and the text of the page, apart for what stands in code."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text: list[str] = []
        self.outside: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        self.outside.append(data if not {"code", "pre"} & set(self._open) else "\0")


def in_markdown(source: str) -> Reader:
    """Read *source* as GitHub does, raw HTML, tables and bare links included."""
    return Reader(MARKDOWN.render(source))
