"""How one text became another: paragraphs, sentences and words, with nothing lost."""

from __future__ import annotations

import pytest
from support.prompts import DUTCH, ENGLISH, long_prompt

from hmsplan.output.prose.compare import Form, Kind, Paragraph, TextChange, compare, tokens
from hmsplan.output.prose.pairs import Texts
from hmsplan.output.prose.parts import mentioned, paragraphs, sentences, variables, words


def changed(change: TextChange) -> list[Paragraph]:
    return [each for each in change.paragraphs if each.kind not in {Kind.SAME, Kind.SPACING}]


def marked(paragraph: Paragraph) -> list[tuple[str, str]]:
    """Return the words that went and the words that came."""
    spans = [span for sentence in paragraph.sentences for span in sentence.spans]
    return [(span.before, span.after) for span in spans if not span.same and not span.spacing]


@pytest.mark.parametrize("text", [DUTCH, ENGLISH, long_prompt(20), "", "\n\n", "a", "no break at the end"])
def test_a_text_and_itself_make_an_empty_change(text: str) -> None:
    change = compare(text, text)
    assert change.kind is Kind.SAME
    assert {each.kind for each in change.paragraphs} <= {Kind.SAME}
    assert change.before == change.after == text


def test_one_word_of_six_thousand_is_one_word() -> None:
    text = long_prompt()
    (only,) = changed(compare(text, text.replace(" 251.", " zo 251.", 1)))
    assert marked(only) == [("", "zo ")]
    assert len(text.split()) > 6000


@pytest.mark.parametrize(
    ("old", "new", "marks"),
    [
        ("Stel één vraag tegelijk.", "Stel twee vragen tegelijk.", [("één vraag", "twee vragen")]),
        ("van 08:00 tot 17:00 uur", "van 08:00 tot 20:00 uur", [("17:00", "20:00")]),
        ("Bel {{naam}} terug.", "Bel {{ naam }} terug.", [("{{naam}}", "{{ naam }}")]),
        ("Bel {{first_name}} terug.", "Bel {{last_name}} terug.", [("{{first_name}}", "{{last_name}}")]),
        ("请说您的名字和电话。", "请说您的姓名和电话。", [("名字", "姓名")]),
        ("Gebruik lookup_contact nu.", "Gebruik find_contact nu.", [("lookup_contact", "find_contact")]),
    ],
)
def test_words_are_marked_whole(old: str, new: str, marks: list[tuple[str, str]]) -> None:
    (only,) = changed(compare(old, new))
    assert marked(only) == marks


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (ENGLISH, ENGLISH.replace("e.g. you", "e.g.\nyou"), Kind.REWRAPPED),
        (
            DUTCH,
            DUTCH.replace(" Je spreekt", "\nJe spreekt").replace("is spoed. Bel", "is spoed.\nBel"),
            Kind.REWRAPPED,
        ),
        ("- een punt\n  dat doorloopt\n", "- een punt dat doorloopt\n", Kind.REWRAPPED),
        ("你好世界\n再见", "你好世界再见", Kind.REWRAPPED),
        (DUTCH, DUTCH.replace("\n", "\r\n"), Kind.SPACING),
        (DUTCH, DUTCH.rstrip(), Kind.SPACING),
        (DUTCH, DUTCH.replace("\n\n## ", "\n\n\n## "), Kind.SPACING),
        ("a\tb", "a b", Kind.SPACING),
        ("- a\n- b\n", "- a - b\n", Kind.CHANGED),
        ("```\na\nb\n```", "```\na b\n```", Kind.CHANGED),
        ("```\n  a\n```", "```\n    a\n```", Kind.CHANGED),
        ("| a |\n| b |\n", "| a | | b |\n", Kind.CHANGED),
    ],
)
def test_only_where_a_line_break_means_nothing_it_is_nothing(old: str, new: str, kind: Kind) -> None:
    assert compare(old, new).kind is kind
    assert compare(new, old).kind is kind


def test_a_word_changed_in_a_paragraph_that_was_wrapped_anew_is_the_only_mark() -> None:
    old = "Je bent rustig en vriendelijk.\nJe zegt altijd u, ook tegen\nkinderen en collega's.\n"
    new = "Je bent rustig en vriendelijk. Je zegt\nmeestal u, ook tegen kinderen en\ncollega's.\n"
    (only,) = changed(compare(old, new))
    assert marked(only) == [("altijd", "meestal")]


def test_a_paragraph_that_moved_is_a_move_with_its_edits() -> None:
    line = "- Noteer altijd {{caller_number}} voordat u doorverbindt.\n"
    new = DUTCH.replace(line, "").replace("</details>\n", "</details>\n\n" + line.replace("u door", "u iemand door"))
    (only,) = changed(compare(DUTCH, new))
    assert only.kind is Kind.MOVED
    assert only.moved is not None
    assert only.moved.origin.startswith("- Noem een tijd voluit")
    assert only.moved.target.startswith("</details>")
    assert marked(only) == [("", "iemand ")]


def test_of_two_sections_that_changed_places_the_smaller_one_moved() -> None:
    parts = DUTCH.split("\n## ")
    new = "\n## ".join([*parts[:2], parts[3], parts[2], *parts[4:]])
    moved = [section for section in compare(DUTCH, new).sections if section.kind is Kind.MOVED]
    assert [section.heading for section in moved] == ["## Openingstijden"]


def test_a_section_that_is_taken_out_is_one_removed_section() -> None:
    parts = DUTCH.split("\n## ")
    change = compare(DUTCH, "\n## ".join([*parts[:4], *parts[5:]]))
    assert [section.heading for section in change.sections if section.kind is Kind.REMOVED] == ["## Spoed"]
    assert {section.kind for section in change.sections} == {Kind.SAME, Kind.REMOVED}


def test_what_is_added_below_a_removed_section_stands_below_its_own_heading() -> None:
    change = compare("# A\n\nEerste.\n\n# B\n\nTweede.\n", "# A\n\nEerste.\n\nEen nieuwe zin hier.\n")
    assert [(section.heading, section.kind) for section in change.sections] == [
        ("# A", Kind.CHANGED),
        ("# B", Kind.REMOVED),
    ]


def test_a_paragraph_cut_in_two_keeps_its_words() -> None:
    old = "Blijf altijd rustig aan de lijn. Zeg dat er iemand komt. Vraag daarna het adres.\n"
    (only,) = changed(compare(old, old.replace("komt. Vraag", "komt.\n\nVraag")))
    assert marked(only) == []
    assert [sentence.kind for sentence in only.sentences] == [Kind.SAME, Kind.SPACING, Kind.SAME]


def test_code_and_tables_are_compared_by_line() -> None:
    change = compare(DUTCH, DUTCH.replace('"tot": "17:00"', '"tot": "20:00"').replace("12:30", "13:00"))
    assert [(each.form, marked(each)) for each in changed(change)] == [
        (Form.TABLE, [("12:30", "13:00")]),
        (Form.CODE, [("17:00", "20:00")]),
    ]


def test_bullets_fences_and_rules_inside_a_fence_are_code() -> None:
    text = "~~~\n# geen kop\n```\n- geen punt\n~~~\nGewone zin.\n"
    assert [part.form for part in paragraphs(text)] == [Form.CODE, Form.PROSE]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zeg bijv. Amsterdam. Ga dan door.", ["Zeg bijv. Amsterdam. ", "Ga dan door."]),
        ("Dat is, d.w.z. Nu. Bel dr. De Wit!", ["Dat is, d.w.z. Nu. ", "Bel dr. De Wit!"]),
        ("Use e.g. Leeds. Ask J. Field. Then go.", ["Use e.g. Leeds. ", "Ask J. Field. ", "Then go."]),
        ("1. Begin hier. 2 komt later.", ["1. Begin hier. ", "2 komt later."]),
        ('Hij zei "Ja." Toen stil.', ['Hij zei "Ja." ', "Toen stil."]),
        ("om 3.5 uur. niet hier", ["om 3.5 uur. niet hier"]),
        ("你好。我是医生\uff01请说。", ["你好。", "我是医生\uff01", "请说。"]),
        ("Naam: Jan\nTelefoon: 06\n", ["Naam: Jan\n", "Telefoon: 06\n"]),
        ("Let op:\nnooit bellen", ["Let op:\n", "nooit bellen"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text, Form.PROSE) == expected


def test_variables_come_and_go() -> None:
    change = compare("Dag {{ first_name }}, {{x}}. {{same}}", "Dag {{last_name}}. {{y|upper}} {{same}} {{y|upper}}")
    assert change.variables_added == ("{{last_name}}", "{{y}}")
    assert change.variables_removed == ("{{first_name}}", "{{x}}")
    assert list(variables("{{{raw}}} {{#if a}}")) == ["{{{raw}}}", "{{#ifa}}"]
    assert words("{{ a b }}x") == ["{{ a b }}", "x"]


def test_names_of_tools_are_seen_in_backticks_and_calls() -> None:
    text = "Gebruik `lookup_contact` of book_it(naam), niet {{first_name}} of date_of_birth of `code`. `end_call()`"
    assert list(mentioned(text)) == ["lookup_contact", "book_it", "end_call"]


def test_a_token_is_about_four_bytes() -> None:
    assert (tokens(""), tokens("abcd"), tokens("abcde"), tokens("你好")) == (0, 1, 2, 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 20_000, "b " * 20_000),
        ("- a\n" * 8_000, "- b\n" * 8_000),
        ("x" * 200_000, "y" * 200_000),
        ("." * 50_000, "!" * 50_000),
        ("```\n" + "}\n" * 10_000, "```\n" + "{\n" * 10_000),
        ("Ja. " * 20_000, "Nee. " * 20_000),
    ],
)
def test_a_text_without_anything_to_hold_on_to_ends_too(old: str, new: str) -> None:
    change = compare(old, new)
    assert (change.before, change.after) == (old, new)


def test_a_megabyte_of_prose_is_compared_paragraph_by_paragraph() -> None:
    text = "\n\n".join(f"Zin {n} over {n * 7919 % 1000}. " + "Nog een zin die lang is. " * 4 for n in range(8_000))
    change = compare(text, text.replace("over 500.", "over vijfhonderd."))
    assert len(text) > 900_000
    assert [marked(each) for each in changed(change)] == [[("500", "vijfhonderd")]] * 8


@pytest.mark.parametrize(
    "title",
    ["# {}", "### {}", "**{}**", "**{}:**", "__{}__", "[{}]", "{}\n=====", "{}\n---", "<{}>", '<{} lang="nl">'],
)
def test_what_prompts_name_their_sections_with_begins_a_section(title: str) -> None:
    """Few prompts are pure Markdown; a change is shown below the name of its section however that is written."""
    old = "".join(f"{title.format(name)}\nDoe dit op {name}.\n\n" for name in ("Rol", "Spoed", "Einde"))
    change = compare(old, old.replace("dit op Spoed", "dat op Spoed"))
    assert [section.heading for section in change.sections] == [
        title.format(name).split("\n")[0] for name in ("Rol", "Spoed", "Einde")
    ]
    assert [section.kind for section in change.sections] == [Kind.SAME, Kind.CHANGED, Kind.SAME]


def test_a_line_of_capitals_begins_a_section() -> None:
    """With a colon also within a paragraph; without one only where a paragraph begins."""
    change = compare("", "ROL\nJe bent kort\nvan STOF\nNOOIT\nEn dus.\nÉÉN VRAAG:\nNu.\n")
    assert [section.heading for section in change.sections] == ["ROL", "ÉÉN VRAAG:"]


@pytest.mark.parametrize(
    "line",
    ["<wacht op de beller>", "[wacht]", "<br>", "</rol>", "NEE.", "OK", "Een zin.\n---", "**a** b", "[x](y)", "---"],
)
def test_what_only_looks_like_a_title_is_none(line: str) -> None:
    """A stage direction, a line of markup, a shout and a rule below a sentence name nothing."""
    assert not any(part.form is Form.HEADING for part in paragraphs(f"{line}\nDoe dit.\n"))


def test_behind_the_end_of_a_tag_its_section_is_over() -> None:
    """A wrong name above a change is worse than none."""
    old = "<rol>\nJe bent kort.\n</rol>\n\nDaarna komt dit.\n"
    first, second = compare(old, old.replace("komt", "kwam")).sections
    assert (first.heading, first.kind) == ("<rol>", Kind.SAME)
    assert (second.heading, second.kind) == ("", Kind.CHANGED)


def test_a_rewrite_of_twice_the_length_compares_twice_as_many_paragraphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A prompt that is written anew, however long, does not compare each paragraph with each."""
    asked: list[tuple[int, int]] = []
    real = Texts.likeness

    def counted(texts: Texts, i: int, j: int) -> float:
        asked.append((i, j))
        return real(texts, i, j)

    monkeypatch.setattr(Texts, "likeness", counted)
    numbers = []
    for size in (200, 400):
        asked.clear()
        old, new = (
            "\n\n".join(f"{word} {n * 7919 % 997} staat hier op regel {n}." for n in range(size)) for word in "ab"
        )
        compare(old, new.replace("staat hier", "ligt daar").replace("regel", "rij"))
        numbers.append(len(asked))
    assert 0 < numbers[1] <= 2.2 * numbers[0]
