"""The rules about the law of calls, and of data about people: what each finds, and what it passes over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.lint import linted

from hmsplan.kinds.fiction import is_fiction
from hmsplan.lint.personal import people_in
from hmsplan.lint.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NUMBER = {"numbers": {"main": {"phone_number": "+31850000010", "agent_id": "${assistants.desk}"}}}
CAMPAIGN = """
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.desk}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
"""
PERSONAL = [
    "personal-iban",
    "personal-card",
    "personal-email",
    "personal-mobile",
    "personal-birth-date",
    "national-number",
]


def found(root: Path, rule: str, example: str) -> list[str]:
    """Return the details of what one rule finds in a stack."""
    return [each.detail for each in linted(root, example, all_rules()[rule])]


def desk(*more: Mapping[str, object], **fields: object) -> str:
    """Return a stack of one assistant and *more* resources."""
    resources: dict[str, object] = {"assistants": {"desk": {"name": "Desk", **fields}}}
    for each in more:
        resources.update(each)
    return json.dumps(resources, ensure_ascii=False)


def prompt(text: str) -> str:
    """Return a stack of one assistant with a system prompt."""
    messages = [{"role": "system", "content": text}]
    return desk(llm_config={"provider": "openai", "model": "gpt-5.4", "messages": messages})


# AI disclosure


@pytest.mark.parametrize(
    "greeting",
    [
        "Good morning, this is Anna of Acme. How can I help you?",
        "Goedemorgen, u spreekt met Anna van de praktijk.",
        "Guten Tag, hier ist Anna von Acme. Wie kann ich helfen?",
        "Bonjour, ici Anna du cabinet Durand.",
        "Hola, soy Ana de Acme. ¿En qué puedo ayudarle?",
        "Hi, I'm your assistant, AIDA. You said it!",
    ],
)
def test_a_greeting_that_passes_for_a_person_is_found(tmp_path: Path, greeting: str) -> None:
    assert len(found(tmp_path, "no-ai-disclosure", desk(NUMBER, first_message=greeting))) == 1


@pytest.mark.parametrize(
    "greeting",
    [
        "Hello, this is Anna, an AI assistant.",
        "Hello, this is the automated desk of Acme.",
        "Goedendag, u spreekt met de digitale assistent van Acme.",
        "Hallo, ik ben Robin, de voicebot van Acme.",
        "Guten Tag, hier spricht die KI von Acme.",
        "Guten Tag, Sie sprechen mit dem virtuellen Assistenten.",
        "Bonjour, je suis l'assistant virtuel du cabinet.",
        "Bonjour, je suis une IA au service du cabinet.",
        "Hola, soy el asistente virtual de Acme.",
        "Buongiorno, sono l'assistente digitale.",
        "Bom dia, sou a assistente virtual da Acme.",
        "Dzień dobry, tu wirtualny asystent Acme.",
        "{{greeting}}",
        "Hi!",
        "こんにちは、アクメのアンナです。",
        None,
    ],
)
def test_a_greeting_that_says_what_speaks_or_cannot_be_judged_is_passed_over(
    tmp_path: Path, greeting: str | None
) -> None:
    assert found(tmp_path, "no-ai-disclosure", desk(NUMBER, first_message=greeting)) == []


PERSON = "Good morning, this is Anna of Acme."


def test_only_an_assistant_that_talks_to_people_in_the_union_has_to_say_it(tmp_path: Path) -> None:
    rule = "no-ai-disclosure"
    american = {"numbers": {"main": {"phone_number": "+12125550123", "agent_id": "${assistants.desk}"}}}
    assert found(tmp_path, rule, desk(first_message=PERSON)) == []
    assert found(tmp_path, rule, desk(american, first_message=PERSON)) == []
    assert found(tmp_path, rule, desk(NUMBER, first_message=PERSON, is_active=False)) == []
    turkish = {"provider": "deepgram", "model": "nova-3", "language": "tr"}
    assert found(tmp_path, rule, desk(NUMBER, first_message=PERSON, stt_config=turkish)) == []


def test_the_consent_message_that_comes_first_may_say_it(tmp_path: Path) -> None:
    consent = {"enabled": True, "message": "You speak with a digital assistant. May we record? Press 1."}
    assert found(tmp_path, "no-ai-disclosure", desk(NUMBER, first_message=PERSON, recording_consent=consent)) == []
    unasked = {**consent, "enabled": False}
    assert len(found(tmp_path, "no-ai-disclosure", desk(NUMBER, first_message=PERSON, recording_consent=unasked))) == 1


def test_of_calls_that_are_made_the_outbound_greeting_counts(tmp_path: Path) -> None:
    example = f"""
assistants:
  desk: {{name: Desk, first_message: "{PERSON}", speech_config: {{first_message_outbound: "%s"}}}}
{CAMPAIGN}"""
    assert found(tmp_path, "no-ai-disclosure", example % "Hello, this is the digital assistant of Acme.") == []
    assert len(found(tmp_path, "no-ai-disclosure", example % "Hello, Anna of Acme here.")) == 1


# Recording and retention


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("Mogen wij dit gesprek opnemen?", True),
        ("Mogen wij dit gesprek opnemen? Toets een 1 als u dat goedvindt.", False),
        ("May we record? Press one.", False),
        ("Dürfen wir aufnehmen? Drücken Sie die Eins.", False),
        ("Appuyez sur un pour accepter.", False),
        ("We record since 2011. Agree?", True),
    ],
)
def test_a_question_for_consent_names_the_key(tmp_path: Path, message: str, wrong: bool) -> None:
    example = desk(recording_consent={"enabled": True, "message": message})
    assert bool(found(tmp_path, "consent-without-key", example)) == wrong
    assert found(tmp_path, "consent-without-key", desk(recording_consent={"enabled": False, "message": message})) == []
    assert found(tmp_path, "consent-without-key", desk(recording_consent=None)) == []


def test_consent_is_asked_only_of_those_who_call_in(tmp_path: Path) -> None:
    example = "assistants: {desk: {name: Desk, recording_consent: {enabled: true, message: Press 1.}}}\n" + CAMPAIGN
    number = 'numbers: {main: {phone_number: "+31850000010", agent_id: "${assistants.desk}"}}\n'
    assert len(found(tmp_path, "consent-not-asked", example)) == 1
    assert found(tmp_path, "consent-not-asked", example + number) == []


def test_calls_that_are_kept_without_consent_are_told(tmp_path: Path) -> None:
    rule, consent = "no-recording-consent", {"enabled": True, "message": "Press 1."}
    assert len(found(tmp_path, rule, desk(NUMBER, gdpr_mode=False))) == 1
    assert len(found(tmp_path, rule, desk(NUMBER, gdpr_mode=False, recording_consent=None))) == 1
    for example in (
        desk(NUMBER),
        desk(gdpr_mode=False),
        desk(NUMBER, gdpr_mode=True),
        desk(NUMBER, gdpr_mode=False, recording_consent=consent),
    ):
        assert found(tmp_path, rule, example) == []


def retention(content: int, metadata: int) -> dict[str, object]:
    return {"organization": {"main": {"content_retention_days": content, "metadata_retention_days": metadata}}}


def test_a_retention_is_compared_with_the_longest_and_with_privacy_mode(tmp_path: Path) -> None:
    assert len(found(tmp_path, "long-retention", desk(retention(365, 730)))) == 2
    assert found(tmp_path, "long-retention", desk(retention(180, 365))) == []
    (told,) = found(tmp_path, "gdpr-mode-retention", desk(retention(180, 365), gdpr_mode=True))
    assert "assistants.desk" in told
    assert found(tmp_path, "gdpr-mode-retention", desk(retention(180, 365), gdpr_mode=False)) == []
    assert found(tmp_path, "gdpr-mode-retention", desk(retention(90, 365), gdpr_mode=True)) == []


# Data about people


@pytest.mark.parametrize(
    ("text", "rule", "masked"),
    [
        ("Pay to NL39 RABO 0300 0652 64.", "personal-iban", "NL•• •••• •••• •••• 64"),
        ("IBAN DE75512108001245126199", "personal-iban", "DE••••••••••••••••••99"),
        ("Card 4539 1488 0343 6467, expires soon", "personal-card", "45•• •••• •••• ••67"),
        ("Amex 371449635398431x 378734493671000", "personal-card", "37•••••••••••00"),
        ("Mail anna.devries@praktijk.nl", "personal-email", "an••.•••••es@praktijk.nl"),
        ("Bel +31 6 5551 2399", "personal-mobile", "+3• • •••• ••99"),
        ("Bel 06-55512399.", "personal-mobile", "06-••••••99"),
        ("Rufen Sie +49 1512 3456789 an... oder +4915112398765", "personal-mobile", "+4••••••••••65"),
        ("Jan, geboren op 12-03-1968", "personal-birth-date", "12-••-••68"),
        ("née le 12/03/1968", "personal-birth-date", "12/••/••68"),
        ("BSN: 111222333", "national-number", "BSN 11•••••33"),
        ("zijn burgerservicenummer is 1112.22.333", "national-number", "BSN 11••.••.•33"),
        ("rijksregisternummer 85.07.30-033.28", "national-number", "85.••.••-•••.28"),
        ("SSN 536-90-4399", "national-number", "SSN 53•-••-••99"),
        ("PESEL 44051401359", "national-number", "PESEL 44•••••••59"),
        ("Steuer-ID: 86 095 742 719", "national-number", "86 ••• ••• •19"),
        ("DNI 53472981M", "national-number", "53•••••1M"),
        ("NIR 2 55 08 14 168 025 38", "national-number", "2 •• •• •• ••• ••• 38"),
    ],
)
def test_data_about_a_person_is_found_and_told_masked(tmp_path: Path, text: str, rule: str, masked: str) -> None:
    (told,) = found(tmp_path, rule, prompt(text))
    assert masked in told
    for other in PERSONAL:
        assert (found(tmp_path, other, prompt(text)) != []) == (other == rule)


@pytest.mark.parametrize(
    "text",
    [
        "Pay to NL39 RABO 0300 0652 65, NL91ABNA0417164300 or AB12 3456 7890.",
        "Card 4539 1488 0343 6468, 4242 4242 4242 4242, 4111111111111111 and order 9990123412341234.",
        "Call id 00004539148803436467 and https://acme.nl/4539148803436467",
        "Mail info@acme.nl, sales.team@acme.nl, first.last@acme.nl, j.doe@mail.com, anna.devries@praktijk.example.",
        "Bel +31 85 000 00 11, +447700900123, +12125550123, 06-12345678, +31612345678 of 020-1234567.",
        "Vraag de geboortedatum, bijvoorbeeld 12-03-1968, en born to run in 2024.",
        "BSN 111222334. Ordernummer 111222333. BSN 123456782. DNI 12345678Z.",
        "A citizen service number has 9 digits: never ask for a BSN. Our case 111-22-2333.",
        "SSN 000-12-3456, SSN 900-12-3456",
        "",
    ],
)
def test_what_only_looks_like_data_about_a_person_is_passed_over(text: str) -> None:
    assert people_in(text) == ()


def test_data_about_a_person_is_found_on_its_line_of_a_prompt_file(tmp_path: Path) -> None:
    example = prompt("${file:prompt.md}") + "\n# file: prompt.md\n# Role\n\nMail anna.devries@praktijk.nl.\n"
    (told,) = linted(tmp_path, example, all_rules()["personal-email"])
    assert str(told.source) == "prompt.md:3:6"


LEADS = f"assistants: {{desk: {{name: Desk}}}}\n{CAMPAIGN}    leads: ${{csv:leads.csv}}\n# file: leads.csv\n"


def test_a_column_of_national_numbers_is_told_once_on_its_line(tmp_path: Path) -> None:
    people = (
        "phone_number,klant_bsn,order\n+442079460101,,111222333\n+442079460114,111222333,1\n+442079460127,123456782,2\n"
    )
    (told,) = linted(tmp_path, LEADS + people, all_rules()["national-number"])
    assert str(told.source) == "leads.csv:3:1"
    assert "klant_bsn holds 11•••••33" in told.detail


def test_a_list_of_people_is_told_unless_their_numbers_are_fiction(tmp_path: Path) -> None:
    people = "phone_number\n+442079460101\n+31201234567\n"
    (told,) = found(tmp_path, "people-in-git", LEADS + people)
    assert "2 leads" in told
    fiction = "phone_number\n+442079460101\n+493023125012\n+46701740612\n+12125550123\n"
    assert found(tmp_path, "people-in-git", LEADS + fiction) == []


@pytest.mark.parametrize(
    ("number", "fiction"),
    [
        ("+442079460999", True),
        ("+442079470000", False),
        ("+447700900000", True),
        ("+447700901000", False),
        ("+498999998000", True),
        ("+12125550199", True),
        ("+12125550200", False),
        ("+31850000123", True),
        ("+31850010123", False),
    ],
)
def test_only_numbers_that_are_kept_for_fiction_are_fiction(number: str, fiction: bool) -> None:
    assert is_fiction(number) == fiction


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"gdpr_mode": True, "stt_config": {"region": "us-west"}}, 1),
        ({"gdpr_mode": False, "stt_config": {"region": "us-west"}}, 0),
        ({"stt_config": {"region": "us-west"}}, 0),
        ({"gdpr_mode": True, "stt_config": {"region": "eu-west"}}, 0),
        ({"gdpr_mode": True, "stt_config": {}}, 0),
    ],
)
def test_a_region_outside_the_eea_is_told_to_those_who_ask_for_privacy(
    tmp_path: Path, fields: dict[str, object], count: int
) -> None:
    gladia = {"provider": "gladia", "model": "solaria-1", "language": "nl"}
    stt = fields["stt_config"]
    assert isinstance(stt, dict)
    example = desk(**{**fields, "stt_config": {**gladia, **stt}})
    assert len(found(tmp_path, "privacy-mode-outside-eea", example)) == count
