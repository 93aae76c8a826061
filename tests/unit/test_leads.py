from __future__ import annotations

import time

from hmsplan.model import SourceLine
from hmsplan.stack import leads
from hmsplan.stack.leads import from_csv, from_yaml


def test_csv() -> None:
    """Every column but phone_number is a variable, values stay text, numbers become E.164; blank lines are skipped."""
    text = '\ufeffname, phone_number ,minutes\r\n"Anna, ""A""",+31612345678,020\r\n\r\n,0031 6 12345679,\r\n'
    found, problems = from_csv(text, "a.csv")
    assert not problems
    assert found == (
        {"phone_number": "+31612345678", "variables": {"name": 'Anna, "A"', "minutes": "020"}},
        {"phone_number": "+31612345679", "variables": {"name": "", "minutes": ""}},
    )


def test_csv_lines() -> None:
    """A problem names the line its row begins on, also after a cell of several lines."""
    _, problems = from_csv('phone_number,note\n+31612345678,"a\nb"\n0612,x\n', "a.csv")
    assert [problem.source for problem in problems] == [SourceLine("a.csv", 4)]


def test_csv_headers() -> None:
    """A header that cannot work is one problem; the rows are not read."""
    for header, summary in {
        "phone_number,,x": "Column without a name",
        "phone_number,x,x": "Duplicate column",
        "phone_number\tx": "Missing column",
        "": "Missing column",
    }.items():
        assert [problem.summary for problem in from_csv(f"{header}\n+31612345678\n", "a.csv")[1]] == [summary]


def test_csv_that_is_none() -> None:
    """A quote that is never closed is a problem, not a traceback."""
    assert [p.summary for p in from_csv('phone_number,x\n+31612345678,"a\n', "a.csv")[1]] == ["Unreadable line"]


def test_csv_without_rows() -> None:
    """A header alone declares that there are no leads, which is not the same as declaring nothing."""
    assert from_csv("phone_number\n", "a.csv") == ((), [])


def test_many_problems() -> None:
    """Of thousands of bad rows the first ones are told, and how many more there are."""
    _, problems = from_csv("phone_number\n" + "x\n" * 1000, "a.csv")
    assert len(problems) == leads.MAX_PROBLEMS + 1
    assert "980 more" in problems[-1].detail


def test_duplicates() -> None:
    """The same person with other variables is another lead; with the same ones a mistake."""
    text = "phone_number,day\n+31612345678,mon\n+31612345678,tue\n+31612345678,mon\n"
    found, problems = from_csv(text, "a.csv")
    assert len(found) == 2
    assert [(problem.summary, problem.source) for problem in problems] == [("Duplicate lead", SourceLine("a.csv", 4))]


def test_yaml() -> None:
    """Leads in YAML obey the same rules, and each gets its variables, if only none."""
    items = [
        {"phone_number": "+31612345678"},
        {"phone_number": "+31612345678", "variables": {}},
        {"phone_number": "+1"},
    ]
    found, problems = from_yaml(items, lambda index: SourceLine("a.yaml", index + 1))
    assert found == ({"phone_number": "+31612345678", "variables": {}},)
    assert [problem.summary for problem in problems] == ["Duplicate lead", "Not a phone number"]


def test_fifty_thousand_rows() -> None:
    """A campaign of fifty thousand leads loads in a moment."""
    rows = "".join(f"+3161{number:07},Anna,{number}\n" for number in range(50_000))
    begin = time.process_time()
    found, problems = from_csv("phone_number,name,id\n" + rows, "a.csv")
    assert len(found) == 50_000
    assert not problems
    assert time.process_time() - begin < 2
