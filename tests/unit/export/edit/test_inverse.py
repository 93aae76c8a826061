"""The inverse of interpolation: only where it is plain what became of each ``${…}``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmsplan.config.interpolation import Call, Expression, parse_text
from hmsplan.export.edit.inverse import rewritten
from hmsplan.export.edit.splices import CannotEdit

VALUES = {"name": "Acme", "city": "Utrecht", "same": "Acme", "empty": "", "lines": "one\ntwo"}


def value_of(part: Expression) -> str:
    assert isinstance(part, Call)
    return VALUES[part.argument]


def filled(written: str) -> str:
    return "".join(part if isinstance(part, str) else value_of(part) for part in parse_text(written))


def restored(written: str, after: str) -> str:
    found = rewritten(written, value_of, filled(written), after)
    assert filled(found) == after
    return found


@pytest.mark.parametrize(
    ("written", "after", "found"),
    [
        ("Hello from ${var:name}.", "Good day from Acme!", "Good day from ${var:name}!"),
        ("${var:name} in ${var:city}", "Utrecht: Acme", "${var:city}: ${var:name}"),
        ("a\n${var:name}\nb\n", "x\nAcme\ny\n", "x\n${var:name}\ny\n"),
        ("Acme, ${var:name}", "Acme or ${Acme}", "Acme or $${${var:name}}"),
        ("Hi $${x} ${var:name}", "Ho ${x} Acme", "Ho $${x} ${var:name}"),
        ("${var:name} ${var:same}", "Acme, Acme", "${var:name}, ${var:same}"),
        ("a ${var:lines} b", "c one\ntwo d", "c ${var:lines} d"),
        ("a\nb ${var:name}\n", "a\nb Acme", "a\nb ${var:name}"),
        ("a ${var:name}\nAcme b\n", "a Acme\nc\n", "a ${var:name}\nc\n"),
    ],
)
def test_it_is_restored(written: str, after: str, found: str) -> None:
    assert restored(written, after) == found


@pytest.mark.parametrize(
    ("written", "after", "why"),
    [
        ("Hello from ${var:name}.", "Hello from Beta.", "no longer stands there"),
        ("Hello from ${var:name}.", "Acme, hello from Acme.", "not plain"),
        ("Hello from ${var:empty}.", "Hello.", "not plain"),
    ],
)
def test_what_is_not_plain_is_refused(written: str, after: str, why: str) -> None:
    with pytest.raises(CannotEdit, match=why):
        restored(written, after)


TEXTS = st.lists(
    st.sampled_from(["${var:name}", "${var:city}", "Acme", "Ut", "recht", " ", "\n", "$${", "x"]), max_size=9
)


@given(TEXTS.map("".join), TEXTS.map("".join).map(filled))
def test_what_is_restored_comes_to_the_live_text(written: str, after: str) -> None:
    try:
        found = rewritten(written, value_of, filled(written), after)
    except CannotEdit:
        return
    assert filled(found) == after
