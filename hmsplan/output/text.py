"""A plan or a drift report as text, in OpenTofu's symbols and search phrases. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from hmsplan.output.diagnostics import format_diagnostic, no_quote
from hmsplan.output.lines import BLANK, Line, Tone, paint, safe, title
from hmsplan.output.minutes import aligned
from hmsplan.output.page import FIRST, KEPT_IN_FLEET, OUTSIDE, OUTSIDE_NOTE, PASTE, SHOWN_AS
from hmsplan.output.plan_page import page_of
from hmsplan.output.words import some
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.model import Diagnostic, Plan
    from hmsplan.output.diagnostics import Quote
    from hmsplan.output.page import Item, Page, Question
    from hmsplan.output.values import Locate


def render_plan(
    plan: Plan, *, width: int, color: bool, show_unchanged: bool = False, locate: Locate | None = None
) -> str:
    """Return *plan* as the text that ``hmsplan plan`` prints; for those who call the library."""
    return render_text(page_of(plan, width, locate=locate), color=color, show_unchanged=show_unchanged)


def render_text(page: Page, *, color: bool, show_unchanged: bool = False, quote: Quote = no_quote) -> str:
    """Return *page* as text that ends with its counts.

    Args:
        page: laid out for the columns there are; at least 40 are used.
        color: escape sequences may stand in it; without them the text says the same.
        show_unchanged: name the objects that match as well.
        quote: gives the lines of files that warnings are about.
    """
    sections = _plan(page, quote, show_unchanged=show_unchanged) if page.word == "plan" else _drift_report(page, quote)
    return paint(_joined(sections), width=page.width, color=color)


def _joined(sections: Iterable[list[Line]]) -> Iterator[Line]:
    """Put a blank line between the sections that have something to say."""
    for number, section in enumerate(section for section in sections if section):
        if number:
            yield BLANK
        yield from section


def _plan(page: Page, quote: Quote, *, show_unchanged: bool) -> Iterator[list[Line]]:
    yield _summary(page)
    yield _questions(page.denial, page.denied, "!")
    yield _questions(FIRST, page.first, "!", Tone.PLAIN)
    yield _refused(page)
    yield _questions(page.allowance, page.allowed, "!", Tone.PLAIN)
    yield _minutes(page)
    yield _questions(page.doubt, page.unsettled, "?")
    yield _questions(page.loss, page.lost, "!", Tone.PLAIN)
    for item in page.changes:
        yield object_lines(item)
    yield _drift(page)
    yield from diagnostic_lines(page.warnings, page.width, quote)
    for question in page.revert:
        yield [
            title(safe(question.text), Tone.PLAIN),
            *(Line(safe(command), whole=True) for command in question.commands),
        ]
    if show_unchanged and page.unchanged:
        yield [title(f"Unchanged: {count(len(page.unchanged), 'object')}"), *map(Line, page.unchanged)]
    yield _end(page)


def _drift_report(page: Page, quote: Quote) -> Iterator[list[Line]]:
    if page.memory:
        yield [title(safe(page.memory), Tone.ALERT)]
    if page.drift:
        number = count(len({item.name for item in page.drift}), "object")
        yield [title(f"{number} changed outside hmsplan since the last apply", Tone.ALERT), title(SHOWN_AS, Tone.QUIET)]
    yield from map(object_lines, page.drift)
    yield from diagnostic_lines(page.warnings, page.width, quote)
    yield [title(sentence) for sentence in page.ending]
    yield _unmanaged(page)
    unseen = [title(page.unseen, Tone.PLAIN)] if page.unseen else []
    yield _way_back(page)
    yield [title(page.coverage, Tone.PLAIN), *unseen, title(page.counts)]


def _way_back(page: Page) -> list[Line]:
    """Say how what changed outside is undone, and how it is kept."""
    if not any(item.mark in {"~", "-"} for item in page.drift):
        return []
    return [
        title("To put back what the stack declares:", Tone.PLAIN),
        Line(page.apply, whole=True),
        *_to_keep(page),
    ]


def _to_keep(page: Page) -> list[Line]:
    if not page.pull:
        return [title(KEPT_IN_FLEET, Tone.PLAIN)]
    return [
        title("To keep what is live, write it into the files:", Tone.PLAIN),
        Line(page.pull, whole=True),
    ]


def diagnostic_lines(found: Iterable[Diagnostic], width: int, quote: Quote) -> Iterator[list[Line]]:
    """Yield a section for each problem."""
    for each in found:
        yield [Line(row, depth=-1, whole=True) for row in format_diagnostic(each, width, quote).split("\n")]


def _unmanaged(page: Page) -> list[Line]:
    if not page.unmanaged:
        return []
    lines = [title(f"{count(len(page.unmanaged), 'object')} that no stack manages")]
    for kind, found in groupby(page.unmanaged, key=lambda drift: drift.kind):
        lines += [Line(kind, "#"), *(Line(f'"{safe(each.name)}"  {safe(each.id)}', "", 1) for each in found)]
    return lines


def _summary(page: Page) -> list[Line]:
    where = f"{safe(page.stack)}, environment {safe(page.environment)}"
    if page.organization is not None:
        where += f", organization {safe(page.organization)}"
    lines = [
        title(where),
        *([title(safe(page.rollback))] if page.rollback else []),
        *(title(said, Tone.ALERT) for said in (page.snapshot, page.memory, *map(safe, page.looser)) if said),
        *([title(safe(page.dates), Tone.PLAIN)] if page.dates else []),
    ]
    if page.targets:
        lines.append(title(f"Limited to {some(map(safe, page.targets))} {page.limits}", Tone.PLAIN))
    if page.excluded:
        lines.append(title(f"Without {some(map(safe, page.excluded))} {page.exclusion}", Tone.PLAIN))
    if page.rows:
        digits = max(len(str(len(row.names))) for row in page.rows)
        lines.append(BLANK)
        for row in page.rows:
            text = f"{row.verb:<9} {len(row.names):>{digits}}  {some(row.names)}"
            lines.append(Line(text, row.mark, hang=12 + digits))
    if page.reach:
        lines += [BLANK, *(title(sentence, Tone.PLAIN) for sentence in page.reach)]
    return lines


def _refused(page: Page) -> list[Line]:
    """Yield each risk; of several with the words that allow it, and at the end the one command that allows all."""
    wait = [BLANK, title(safe(page.waiting), Tone.PLAIN), *(Line(safe(line), whole=True) for line in page.later)]
    paste = [BLANK, title(PASTE, Tone.PLAIN), *(Line(line, whole=True) for line in page.block)]
    paste = [*(wait if page.waiting else ()), *paste]
    if not page.refused:
        return []
    if len(page.refused) == 1:  # one command says it
        return [*_questions(page.refusal, page.refused, "!"), *paste]
    lines = [title(page.refusal, Tone.ALERT)]
    for question in page.refused:
        lines += [BLANK, Line(f"{question.name}: {safe(question.text)}", "!")]
        lines += [Line(safe(command.removeprefix(f"{page.apply} ")), whole=True) for command in question.commands]
    return [*lines, BLANK, title("To allow all of them:", Tone.PLAIN), Line(safe(page.consent), whole=True), *paste]


def _minutes(page: Page) -> list[Line]:
    if not page.minutes:
        return []
    return [title(page.balance, Tone.PLAIN), *(Line(safe(row), hang=2) for row in aligned(page.minutes))]


def _questions(head: str, questions: Iterable[Question], mark: str, tone: Tone = Tone.ALERT) -> list[Line]:
    """Yield what has to be decided and the exact words that decide it."""
    lines: list[Line] = []
    for question in questions:
        lines += [BLANK, Line(f"{question.name}: {safe(question.text)}", mark)]
        lines += [Line(safe(command), whole=True) for command in question.commands]
    return [title(head, tone), *lines] if lines else []


def object_lines(item: Item) -> list[Line]:
    """Return what happens to one object: its headline, and what stands below."""
    return [Line(item.head, "#"), *item.lines]


def _drift(page: Page) -> list[Line]:
    """Yield what others did, apart from what is requested: a reader does not have to guess who wants what."""
    if not page.drift:
        return []
    lines = [
        title(OUTSIDE),
        title(OUTSIDE_NOTE, Tone.QUIET),
    ]
    for item in page.drift:
        lines += [BLANK, *object_lines(item)]
    return lines


def _end(page: Page) -> list[Line]:
    strong, *more = page.ending or ("",)
    lines = [title(strong), *(title(sentence, Tone.PLAIN) for sentence in more), BLANK] if strong else []
    return [*lines, Line(f"Digest: {page.digest}", depth=-1, whole=True), title(page.counts)]
