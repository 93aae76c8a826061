from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmsplan.config import leads
from hmsplan.config.leads import from_csv, from_yaml
from hmsplan.config.load import load_stack
from hmsplan.kinds import phone
from hmsplan.model import Address, Severity, SourceLine

if TYPE_CHECKING:
    from pathlib import Path


def test_csv() -> None:
    """Every column but phone_number is a variable, values stay text, numbers become E.164; blank lines are skipped."""
    text = '\ufeffname, phone_number ,minutes\r\n"Anna, ""A""",+31612345678,020\r\n\r\n,0031 6 12345679,\r\n'
    found, problems, _ = from_csv(text, "a.csv")
    assert not problems
    assert found == (
        {"phone_number": "+31612345678", "variables": {"name": 'Anna, "A"', "minutes": "020"}},
        {"phone_number": "+31612345679", "variables": {"name": "", "minutes": ""}},
    )


def test_csv_lines() -> None:
    """A problem names the line its row begins on, also after a cell of several lines."""
    _, problems, _ = from_csv('phone_number,note\n+31612345678,"a\nb"\n+31612345678\n', "a.csv")
    assert [problem.source for problem in problems] == [SourceLine("a.csv", 4)]


def test_csv_headers() -> None:
    """A header that cannot work is one problem; the rows are not read."""
    for header, summary in {
        "phone_number,,x": "Column without a name",
        "phone_number,x,x": "Duplicate column",
        "telefoon;naam": "Missing column",
        "": "Missing column",
    }.items():
        assert [problem.summary for problem in from_csv(f"{header}\n+31612345678\n", "a.csv")[1]] == [summary]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_first_line_proves_what_divides_the_columns(delimiter: str) -> None:
    """Excel writes semicolons where a decimal number has a comma; a comma in a cell is then text."""
    rows = [
        ["naam", "phone_number", "bedrag"],
        ['"Jansen, A;B\t"', "+31612345678", '"12,50"'],
        ["x", "31612345679", ""],
    ]
    found, problems, places = from_csv("".join(f"{delimiter.join(row)}\r\n" for row in rows), "a.csv")
    assert found == ({"phone_number": "+31612345678", "variables": {"naam": "Jansen, A;B\t", "bedrag": "12,50"}},)
    assert places == (SourceLine("a.csv", 2),)
    assert [problem.source for problem in problems] == [SourceLine("a.csv", 3, 3)]


def test_a_semicolon_in_a_name_divides_nothing() -> None:
    found, problems, _ = from_csv("phone_number,a;b\n+31612345678,c;d\n", "a.csv")
    assert (found, problems) == (({"phone_number": "+31612345678", "variables": {"a;b": "c;d"}},), [])


def test_a_file_with_semicolons_is_told_in_its_own_words() -> None:
    _, problems, _ = from_csv("telefoon;naam\n", "a.csv")
    assert problems[0].detail.endswith("It names: telefoon, naam. Did you mean telefoon? Rename it to phone_number.")
    _, problems, _ = from_csv("phone_number;naam\n+31612345678;A;B\n", "a.csv")
    assert "A cell with a semicolon in it stands in double quotes." in problems[0].detail


def test_csv_that_is_none() -> None:
    """A quote that is never closed is a problem, not a traceback."""
    assert [p.summary for p in from_csv('phone_number,x\n+31612345678,"a\n', "a.csv")[1]] == ["Unreadable line"]


def test_csv_without_rows() -> None:
    """A header alone declares that there are no leads, which is not the same as declaring nothing."""
    assert from_csv("phone_number\n", "a.csv") == ((), [], ())


def test_many_problems() -> None:
    """Of thousands of bad rows the first ones are told, and how many more there are."""
    _, problems, _ = from_csv("phone_number\n" + "x\n" * 1000, "a.csv")
    assert len(problems) == leads.MAX_PROBLEMS + 1
    assert "980 more" in problems[-1].detail


def test_duplicates() -> None:
    """The same person with the same variables is a mistake; the same number with other ones deserves a warning."""
    text = "phone_number,day\n+31612345678,mon\n+31612345678,tue\n+31612345678,mon\n"
    found, problems, _ = from_csv(text, "a.csv")
    assert len(found) == 2
    assert [(problem.summary, problem.severity, problem.source) for problem in problems] == [
        ("Duplicate lead", Severity.ERROR, SourceLine("a.csv", 4)),
        ("Same number twice", Severity.WARNING, SourceLine("a.csv", 3)),
    ]


def test_one_number_on_several_lines() -> None:
    """A warning names every line of a number, in whatever spelling, and the variables that differ, not their values."""
    text = (
        "phone_number,name,town\n+31612345601,Jan,Edam\n+31 6 1234 5601,Mrs Jansen,Edam\n+31612345602,Piet,Edam\n"
        "0031612345601,J. Jansen,Edam\n"
    )
    found, problems, _ = from_csv(text, "a.csv")
    assert len(found) == 4
    assert [problem.source for problem in problems] == [SourceLine("a.csv", 3)]
    assert problems[0].detail == (
        "+31612345601 stands on lines 2, 3 and 5, with different values of name; it would be called 3 times. Keep one, "
        "unless different people share this number."
    )


def test_many_numbers_on_several_lines() -> None:
    """Of thousands of repeated numbers the first ones are told, and how many more there are; all leads stay."""
    numbers = range(1000)
    rows = "".join(f"+3161{number:07},{time}\n" for time in "ab" for number in numbers)
    found, problems, _ = from_csv("phone_number,time\n" + rows, "a.csv")
    assert len(found) == 2000
    assert len(problems) == leads.MAX_PROBLEMS + 1
    assert "980 more numbers" in problems[-1].detail
    assert {problem.severity for problem in problems} == {Severity.WARNING}


def test_one_number_on_one_line() -> None:
    """A list of YAML can stand on one line."""
    items = [{"phone_number": "+31612345678", "variables": {"name": name}} for name in "ab"]
    found, problems, _ = from_yaml(items, lambda index: SourceLine("a.yaml", 7, index + 1))
    assert len(found) == 2
    assert "stands 2 times on line 7, with different values of name" in problems[0].detail


NOT_NUMBERS = {
    "+31 6 1234 5678 (werk)": "letters",
    "+31612345O78": "O for 0",
    "+3161234567l": "l or I for 1",
    "+31612345678.0": "decimal numbers",
    "+49 89 12345670/71": "slash",
    "+31201234567 ext. 12": "extension",
    "+31201234567x12": "extension",
    '"+31612345670,,1"': "keys to press",
    "3.16E+10": "Excel",
    '"3,16123E+10"': "Excel",
    "31612345678": "write +31612345678",
    "31612345678.0": "decimal numbers",
    "0612345678": "inside a country",
    "+31612345678 +31612345679": "More than one number",
    '"+31612345678\n+31612345679"': "More than one number",
    "+310612345678": "Did you mean +31612345678?",
    "+39 (0)6 12345678": "0 in parentheses",
    "+31 6 (0)12345678": "0 in parentheses",
    "+15551234": "area code is missing",
    "+316123456789012": "too many",
    "+31612": "7 to 15 digits",
    "+999123456789": "no country",
    "+31612345678\u200b": "ZERO WIDTH SPACE",
    "\u202e+31612345678": "another order",
    "+\u0663\u0661612345678": "ARABIC-INDIC DIGIT THREE",
    "#N/A": "spreadsheet",
    "=B2": "formula",
    "9" * 5000: "5,000 characters",
    "": "empty",
}


@pytest.mark.parametrize(("cell", "cause"), NOT_NUMBERS.items(), ids=[cell[:30] or "empty" for cell in NOT_NUMBERS])
def test_a_cell_that_is_no_number_is_never_mended(cell: str, cause: str) -> None:
    """It is refused at its line and column with the likely cause: a number that nobody typed would be dialled."""
    found, problems, _ = from_csv(f"name,phone_number\nAnna,+31612345678\nBea,{cell}\n", "a.csv")
    assert len(found) == 1
    assert [(problem.summary, problem.source) for problem in problems] == [
        ("Not a phone number", SourceLine("a.csv", 3, 5))
    ]
    assert cause in problems[0].detail


@pytest.mark.parametrize(
    "cell",
    [
        "+31612345678",
        "0031612345678",
        " +31 6 1234 5678 ",
        "+31\u00a06\u202f1234\u20095678",
        "+31-6-1234\u20115678",
        "+31.6.1234.5678",
        "(+31) 6 12345678",
        "+31 (0)6 12345678",
        "+31(0)612345678",
        "'+31612345678",
        "\u202a+31612345678\u202c",
        "\u200e+31612345678",
    ],
)
def test_decoration_is_taken_off(cell: str) -> None:
    found, problems, _ = from_csv(f"phone_number\n{cell}\n", "a.csv")
    assert (found, problems) == (({"phone_number": "+31612345678", "variables": {}},), [])


@given(st.text("0123456789+()-./,' xeEOl\u00a0\u202a\u0660", max_size=24))
def test_the_digits_that_are_dialled_are_the_digits_of_the_cell(text: str) -> None:
    """But for 00 in front and one 0 in parentheses; whatever is read is read again as itself."""
    number = phone.bare(text)
    if phone.why_not(number):
        return
    assert phone.bare(number) == number
    digits = "".join(character for character in text if character in "0123456789")
    assert number[1:] in {digits, digits.removeprefix("00")} or (
        "(0)" in text.replace(" ", "").replace("\u00a0", "") and len(number[1:]) + 1 == len(digits.removeprefix("00"))
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("inside", ["a\nb", "a\r\nb", "a\rb", "a\u2028b", "a\u2029b", "a\x85b", "a\x0bb", "a\x0cb"])
def test_the_line_of_a_problem_is_the_one_that_editors_show(inside: str, end: str) -> None:
    """A cell may hold a line break, or a character that only Python takes for one, also in the very row."""
    rows = ["note,phone_number", f'"{inside}",+31612345678', f'"{inside}",x']
    _, problems, _ = from_csv(end.join(rows) + end, "a.csv")
    breaks = int("\n" in inside or "\r" in inside)
    column = 3 if breaks else 6
    assert [problem.source for problem in problems] == [SourceLine("a.csv", 3 + 2 * breaks, 1 + column)]


def test_a_quote_that_is_never_closed_is_told_where_it_opens() -> None:
    """Not at the end of the file, nor where the cell became too long to be one."""
    for more in (10, 20_000):
        text = 'phone_number,x\n+31612345678,a\n+31612345679,"b\n' + "+31612345670,c\n" * more
        assert [problem.source for problem in from_csv(text, "a.csv")[1]] == [SourceLine("a.csv", 3)]


def test_rows_of_empty_cells() -> None:
    """What a spreadsheet leaves behind below its table is no lead."""
    found, problems, _ = from_csv("phone_number,name\n+31612345678,Anna\n,\n ,\n,,,,\n", "a.csv")
    assert (len(found), problems) == (1, [])


def test_yaml() -> None:
    """Leads in YAML obey the same rules, and each gets its variables, if only none."""
    items = [
        {"phone_number": "+31612345678"},
        {"phone_number": "+31612345678", "variables": {}},
        {"phone_number": "+1"},
    ]
    found, problems, _ = from_yaml(items, lambda index: SourceLine("a.yaml", index + 1))
    assert found == ({"phone_number": "+31612345678", "variables": {}},)
    assert [problem.summary for problem in problems] == ["Duplicate lead", "Not a phone number"]


def test_fifty_thousand_rows() -> None:
    """A campaign of fifty thousand leads loads in a moment."""
    rows = "".join(f"+3161{number:07},Anna,{number}\n" for number in range(50_000))
    begin = time.process_time()
    found, problems, _ = from_csv("phone_number,name,id\n" + rows, "a.csv")
    assert len(found) == 50_000
    assert not problems
    assert time.process_time() - begin < 2


def test_thousands_of_leads_in_yaml(tmp_path: Path) -> None:
    """Each is found on its line, in one walk over the list; with a walk for each, 50,000 took many minutes."""
    (tmp_path / "hmsplan.yaml").write_text("version: 1\nstack: acme\n", "utf-8")
    head = (
        "assistants:\n  a: {name: A, first_message: hi}\ncampaigns:\n  c:\n    name: C\n    agent_id: ${assistants.a}\n"
        "    system_message_template: hi\n    schedule_start_time: '09:00'\n    schedule_end_time: '17:00'\n"
        "    timezone: Europe/Amsterdam\n    leads:\n"
    )
    rows = (f"      - {{phone_number: '+3161{number:07}', variables: {{x: y}}}}\n" for number in range(5000))
    (tmp_path / "r.yaml").write_text(head + "".join(rows), "utf-8")
    begin = time.process_time()
    campaign = load_stack(tmp_path, environ={}).resources[Address("campaigns", "c")]
    assert time.process_time() - begin < 10
    first = head.count("\n") + 1
    assert [source.line for source in campaign.member_sources] == list(range(first, first + 5000))
