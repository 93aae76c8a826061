"""What others say of our HTML and Mermaid; without ``scripts/judges``, which installs them, this is skipped."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest
from support.browser import CHROMIUM, browse
from support.hostile import HOSTILE
from support.pages import COVERAGE, drifts, full, many

from hmsplan.model import Address
from hmsplan.render.graph import Edge, Graph, graph_of_plan, mermaid
from hmsplan.render.html.page import render_html
from hmsplan.render.page import drift_page, page_of

MODULES: Final = Path(__file__).parents[3] / ".judges" / "node_modules"
FLOOD: Final = "".join(HOSTILE[:12])

pytestmark = pytest.mark.skipif(not MODULES.is_dir(), reason="scripts/judges has not been run")


def test_the_html_is_valid_and_accessible(tmp_path: Path) -> None:
    """By the recommended rules of html-validate, WCAG among them."""
    pages = {
        "plan": render_html(page_of(full(FLOOD), 100), graph_of_plan(full(FLOOD))),
        "drift": render_html(drift_page(drifts(FLOOD), COVERAGE, FLOOD, FLOOD, 100)),
        "many": render_html(page_of(many(20), 100)),
    }
    for name, page in pages.items():
        (tmp_path / f"{name}.html").write_text(page, "utf-8")
    files = [str(tmp_path / f"{name}.html") for name in pages]
    command = [str(MODULES / ".bin" / "html-validate"), "--preset", "recommended", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_mermaid_reads_every_name(tmp_path: Path) -> None:
    """Each graph with a hostile name is a flowchart to Mermaid; one that is broken on purpose is not."""
    a, b = Address("assistants", "a"), Address("numbers", "b")
    graphs = [mermaid(Graph({a: name, b: "x"}, (Edge(b, a), Edge(b, a, pasted=True)))) for name in HOSTILE]
    graphs.append('flowchart LR\n  n0["a"]; b["\n')
    script = json.dumps(graphs).replace("<", "\\u003c")
    judge = (MODULES / "mermaid" / "dist" / "mermaid.min.js").as_uri()
    page = tmp_path / "page.html"
    page.write_text(
        f'<meta charset="utf-8"><script src="{judge}"></script><p></p><script>(async () => {{ const said = [];'
        f"for (const text of {script})"
        "said.push(await mermaid.parse(text).then((found) => found.diagramType, () => 'refused'));"
        "document.querySelector('p').textContent = `[${said}]`; })();</script>",
        "utf-8",
    )
    said = browse(page).stdout.split("<p>[")[1].split("]</p>")[0].split(",")
    assert said == ["flowchart-v2"] * len(HOSTILE) + ["refused"]
