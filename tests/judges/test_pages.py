"""A page is valid to html-validate, and a browser shows it without asking anybody for anything."""

from __future__ import annotations

import json
import zlib
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest
from support.browser import browse
from support.hostile_texts import HOSTILE
from support.pages import COVERAGE, drifts, full, many, plan, update

from hmsplan.output.drift_page import drift_page
from hmsplan.output.graph import graph_of_plan
from hmsplan.output.html.page import render_html
from hmsplan.output.plan_page import page_of

from .outside import NPM, ask, golden_plans, needs, needs_browser, written

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.model import Plan

FLOOD: Final = "".join(HOSTILE[:12])
SCENARIOS: Final = ("campaign_started", "hostile_names", "trunk_replaced", "update_prompt", "workflow_rewired")
PHONE, DESKTOP = "390,844", "1280,900"
LIGHT, DARK = "1", "0"


def shown(made: Plan) -> str:
    return render_html(page_of(made, 100), graph_of_plan(made))


@cache
def pages() -> dict[str, str]:
    """Return a page of every golden case, and pages of what is hostile and what is long."""
    return {
        **{f"{case}.html": shown(made) for case, made in golden_plans().items()},
        "flood.html": shown(full(FLOOD)),
        "drift.html": render_html(drift_page(drifts(FLOOD), COVERAGE, FLOOD, FLOOD, 100)),
        "many.html": shown(many(20)),
    }


@needs("npm")
def test_every_page_is_valid_and_accessible(tmp_path: Path) -> None:
    """By the recommended rules of html-validate, WCAG among them; one that is broken on purpose is not."""
    command = (NPM / ".bin" / "html-validate", "--preset", "recommended")
    done = ask(*command, *written(tmp_path, pages()), cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "")
    broken = pages()["update_prompt.html"].replace("<main>", "<main><img src=x><div></span>")
    assert ask(*command, *written(tmp_path, {"broken.html": broken}), cwd=tmp_path).returncode == 1


def asked_for(log: Path) -> set[str]:
    """Return the addresses that a page began to load; what the browser asks for itself has no origin."""
    events = [event.get("params", {}) for event in json.loads(log.read_text("utf-8"))["events"]]
    return {event["url"] for event in events if event.get("initiator", "not an origin") != "not an origin"}


def corner(picture: Path) -> tuple[int, ...]:
    """Return the colour of the first pixel of a PNG: no filter changes it."""
    data = picture.read_bytes()
    chunks, at = b"", 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            chunks += data[at + 8 : at + 8 + size]
        at += size + 12
    return tuple(zlib.decompress(chunks)[1:4])


@needs_browser
@pytest.mark.parametrize("page", [f"{case}.html" for case in SCENARIOS] + ["flood.html"])
@pytest.mark.parametrize(("size", "scheme"), [(PHONE, DARK), (DESKTOP, LIGHT)])
def test_a_browser_shows_it_without_a_request_or_a_complaint(page: str, size: str, scheme: str, tmp_path: Path) -> None:
    """On a phone in the dark and on a desk by day: our script runs, the console is silent, nothing is asked for."""
    (file,) = written(tmp_path, {page: pages()[page]})
    log, picture = tmp_path / "net.json", tmp_path / "page.png"
    flags = (f"--log-net-log={log}", f"--window-size={size}", f"--screenshot={picture}")
    done = browse(file, *flags, f"--blink-settings=preferredColorScheme={scheme}")
    assert 'role="search" hidden' not in done.stdout  # shown where there is one, so our script ran
    assert "CONSOLE" not in done.stderr
    assert asked_for(log) == set()
    assert (sum(corner(picture)) < 3 * 128) == (scheme == DARK)


@needs_browser
def test_the_browser_of_the_test_can_complain(tmp_path: Path) -> None:
    """A picture from elsewhere in the same page is refused, and the console says so."""
    page = tmp_path / "plan.html"
    page.write_text(shown(plan(update("a"))).replace("<main>", '<main><img src="https://evil.example/x.png">'), "utf-8")
    assert "Content Security Policy" in browse(page).stderr


@needs_browser
def test_the_network_log_of_the_test_can_tell(tmp_path: Path) -> None:
    """Without our policy the browser would ask for that picture."""
    (page,) = written(tmp_path, {"plan.html": '<!DOCTYPE html><img src="https://evil.example/x.png">'})
    log = tmp_path / "net.json"
    browse(page, f"--log-net-log={log}")
    assert "https://evil.example/x.png" in asked_for(log)
