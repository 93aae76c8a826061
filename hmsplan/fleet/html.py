"""The plan of a fleet as one HTML file that asks for nothing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.fleet.report import alike_problems, learning_text, page_for
from hmsplan.output.html.page import asked, document, object_groups
from hmsplan.output.markdown import WIDTH
from hmsplan.text.escape import html
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.fleet.report import FleetPlan, Group
    from hmsplan.output.commands import CommandLine

MOST_BYTES: Final = 4_000_000
"""Of the objects that are shown; what does not fit is named. A browser is slow with more."""


def render_html(plan: FleetPlan, commands: CommandLine) -> str:
    """Return *plan* as one file."""
    return document("fleet plan", _header(plan), _main(plan, commands), _footer(plan))


def _header(plan: FleetPlan) -> Iterator[str]:
    yield f'<header>\n<p class="soft">fleet plan</p>\n<h1>{count(len(plan.results), "member")}</h1>'
    yield f'<p class="verdict"><b>{html(plan.verdict)}</b> {html(plan.counts)}</p>\n</header>'


def _main(plan: FleetPlan, commands: CommandLine) -> Iterator[str]:
    if plan.first:
        yield f"<p>No state yet: {html(', '.join(plan.first))}</p>"
    yield from _problems(plan)
    number, room = 0, MOST_BYTES
    for place, group in enumerate(plan.groups):
        page = page_for(group, WIDTH, commands)
        objects = "\n".join(object_groups(page, page.changes, number)) if room > 0 else ""
        number += len(page.changes)
        room -= len(objects.encode())
        yield f'<section aria-labelledby="m{place}">\n<h2 id="m{place}">{html(group.head)}</h2>'
        yield from _names(group)
        yield from asked(f"denied{place}", page.denial, page.denied, ())
        yield from asked(f"refused{place}", page.refusal, page.refused, [page.consent] if page.refused else ())
        yield from asked(f"allowed{place}", page.allowance, page.allowed, ())
        yield f"{objects or '<p>Without details for lack of room.</p>'}\n</section>"
    if plan.unchanged:
        names = ", ".join(f"<code>{html(name)}</code>" for name in plan.unchanged)
        yield f"<section><h2>Without changes <small>{len(plan.unchanged):,}</small></h2><p>{names}</p></section>"

    if plan.learning:
        yield f"<p>{html(learning_text(plan))}</p>"


def _names(group: Group) -> Iterator[str]:
    if group.note:
        names = ", ".join(f"<code>{html(name)}</code>" for name in group.names)
        yield f"<p>{names}</p>"
        yield f'<p class="soft">{html(group.note)}</p>'
    if group.reach:
        yield f"<p>{html(group.reach)}</p>"


def _problems(plan: FleetPlan) -> Iterator[str]:
    found = alike_problems(plan.results)
    if not found:
        return
    yield '<section class="ask" aria-labelledby="problems">\n<h2 id="problems">Problems</h2>\n<ul>'
    for problem, names in found:
        where = f" ({html(str(problem.source))})" if problem.source else ""
        text = html(" ".join(problem.detail.split()))
        yield f"<li><b>{html(problem.summary)}</b>{where}, of {html(', '.join(names))}: {text}</li>"
    yield "</ul>\n</section>"


def _footer(plan: FleetPlan) -> Iterator[str]:
    digest = f"Digest <code>{html(plan.digest)}</code>" if plan.digest else html(plan.undigested)
    yield f"<footer>\n<p>{digest}</p>\n</footer>"
