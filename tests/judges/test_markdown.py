"""Readers of Markdown make of every plan what we wrote: no tag, link, picture, mention or emoji comes from data."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest
from support.hostile_texts import HOSTILE
from support.pages import COVERAGE, drifts, full, many

from hmsplan.output.drift_page import drift_page
from hmsplan.output.markdown import render_markdown
from hmsplan.output.plan_page import page_of

from .outside import ask_node, ask_python, golden_plans, needs

if TYPE_CHECKING:
    from pathlib import Path

READERS: Final = ("markdown-it", "remark", "cmark-gfm")
EMOJI: Final = re.compile("[\U0001f300-\U0001faff]")

Mark: TypeAlias = tuple[str, ...]
"""A tag with its attributes and, where they lead or look somewhere, their values."""


class Marks(HTMLParser):
    """What of *page* is alive that a reader made of *source*.

    GitHub looks for mentions and links last, and never in code. remark looks for them first, so what *it* links in code
    does not count.
    """

    def __init__(self, reader: str, source: str, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[Mark] = set()
        self._reader, self._source, self._in_code = reader, source, 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_code += tag == "code"
        if tag == "a" and self._in_code and self._reader == "remark":
            return
        told = [name if name in {"class", "open", "style", "align"} else f"{name}={value}" for name, value in attrs]
        self.found.add((tag, *sorted(told)))

    def handle_endtag(self, tag: str) -> None:
        self._in_code -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.found |= {("emoji", char) for char in EMOJI.findall(data) if char not in self._source}

    def handle_comment(self, data: str) -> None:
        if data.strip():
            self.found.add(("comment", re.sub(r":\S+", "", data)))

    def handle_decl(self, decl: str) -> None:
        self.found.add(("declaration", decl))

    def unknown_decl(self, data: str) -> None:
        self.found.add(("declaration", data))


def marks(sources: list[str], folder: Path) -> dict[str, set[Mark]]:
    """Return what is alive in *sources* to each reader."""
    read: list[dict[str, str]] = ask_node("markdown.mjs", sources, folder)
    pages = {name: [answer[name] for answer in read] for name in READERS[:2]}
    pages["cmark-gfm"] = ask_python("readers", "cmark.py", sources)
    return {
        reader: {
            mark for source, page in zip(sources, found, strict=True) for mark in Marks(reader, source, page).found
        }
        for reader, found in pages.items()
    }


def of(text: str) -> list[str]:
    """Return the comments of a plan and of drift with *text* at every place that is foreign."""
    return [
        render_markdown(page_of(full(text), 100)),
        render_markdown(drift_page(drifts(text), COVERAGE, text, text, 100)),
    ]


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[Mark]]:
    """Return the marks that are ours."""
    drawn = "```mermaid\nflowchart LR\n```\n"  # what a workflow is drawn in
    texts = [*of("word"), *of("a word\nand a line\n" * 9), render_markdown(page_of(many(400), 100)), drawn]
    return marks(texts, tmp_path_factory.mktemp("harmless"))


@needs("npm", "readers")
def test_hostile_plans_are_marked_up_as_harmless_ones(harmless: dict[str, set[Mark]], tmp_path: Path) -> None:
    """Whatever text stands there, alone or all of it in a row: no mark is there that an ordinary plan has not."""
    found = marks([text for name in (*HOSTILE, "".join(HOSTILE[:12])) for text in of(name)], tmp_path)
    assert {reader: found[reader] - harmless[reader] for reader in READERS} == {reader: set() for reader in READERS}


@needs("npm", "readers")
def test_every_golden_plan_is_marked_up_as_a_harmless_one(harmless: dict[str, set[Mark]], tmp_path: Path) -> None:
    """Those are what people write: prompts with headings, lists, fences, tables and tags."""
    found = marks([render_markdown(page_of(plan, 100)) for plan in golden_plans().values()], tmp_path)
    assert {reader: found[reader] - harmless[reader] for reader in READERS} == {reader: set() for reader in READERS}


@needs("npm", "readers")
def test_the_readers_of_the_test_would_tell(tmp_path: Path) -> None:
    """The same texts without our escaping are links, pictures and headings, to one of them mentions, to one emoji."""
    found = marks([f"{text}\n" for text in HOSTILE[3:10]], tmp_path)
    for reader in READERS:
        assert {"a", "img", "h1", "table", "strong"} <= {mark[0] for mark in found[reader]}
    assert ("a", "href=https://github.com/team") in found["remark"]
    assert ("emoji", "\N{PARTY POPPER}") in found["markdown-it"]
