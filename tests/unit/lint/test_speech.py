"""The rules of how a text sounds: what each finds, and the near misses at which it is silent."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.lint import linted

from hmsplan.lint.rules import all_rules
from hmsplan.output.rules import rules_text

if TYPE_CHECKING:
    from pathlib import Path


def found(root: Path, rule: str, example: str) -> list[str]:
    """Return the details of what one rule finds in a stack."""
    return [each.detail for each in linted(root, example, all_rules()[rule])]


def desk(**fields: object) -> str:
    """Return a stack of one assistant."""
    return json.dumps({"assistants": {"desk": {"name": "Desk", **fields}}}, ensure_ascii=False)


def prompt(text: str, **fields: object) -> str:
    """Return a stack of one assistant with a system prompt."""
    messages = [{"role": "system", "content": text}]
    return desk(llm_config={"provider": "openai", "model": "gpt-5.4", "messages": messages}, **fields)


BROKEN = [
    ("spoken-markdown", "## Welcome", "a heading"),
    ("spoken-markdown", "Welcome to __Acme__.", "bold"),
    ("spoken-markdown", "We are *really* open.", "emphasis"),
    ("spoken-markdown", "Choose:\n- sales\n- support", "a list"),
    ("spoken-markdown", "Choose:\n• sales", "a list"),
    ("spoken-markdown", "See [our site](https://acme.example).", "a link"),
    ("spoken-markdown", "| day | hours |", "a table"),
    ("spoken-markdown", "Say `yes`.", "code"),
    ("spoken-url", "Ga naar https://acme.nl voor meer.", "web address"),
    ("spoken-url", "Go to www.acme.example.", "web address"),
    ("spoken-email", "Schreiben Sie an info@acme.example.", "e-mail"),
    ("spoken-emoji", "Welcome 👋", "👋"),
    ("spoken-emoji", "Thank you ❤", "❤"),
    ("spoken-digits", "Call 0850000011.", "10 digits"),
    ("spoken-digits", "Bel +31850000011 terug.", "11 digits"),
    ("spoken-digits", "Overmaken op NL91ABNA0417164300.", "digits"),
    ("spoken-digits", "Overmaken op NL91 ABNA 0417 1643 00.", "digits"),
    ("spoken-capitals", "LET OP: wij zijn dicht. HEEL BELANGRIJK bericht.", "HEEL BELANGRIJK"),
    ("spoken-capitals", "BITTE WARTEN Sie.", "BITTE WARTEN"),
    ("spoken-abbreviation", "Wij zijn er ma t/m vr.", "tot en met"),
    ("spoken-abbreviation", "Wir helfen, z.B. bei Terminen.", "zum Beispiel"),
    ("spoken-abbreviation", "We help (e.g. with bills).", "for example"),
    ("spoken-abbreviation", "Répondez s.v.p. maintenant", "s'il vous plaît"),
    ("wrong-encoding", "Wir mÃ¼ssen weiterleiten.", "was ü"),
    ("wrong-encoding", "It\u00e2\u20ac\u2122s us.", "was \u2019"),
    ("wrong-encoding", "Caf\ufffd Acme", "lost"),
    ("html-entity", "Fish &amp; chips", "Write &."),
    ("html-entity", "It&#39;s us", "Write '."),
    ("html-entity", "Hello&nbsp;there", "Write a space."),
    ("leftover-text", "Welcome to [Insert company].", "[Insert company]"),
    ("leftover-text", "Hello, <your name> here.", "<your name>"),
    ("leftover-text", "Willkommen bei [Firmenname].", "[Firmenname]"),
    ("leftover-text", "TODO: write a greeting", "TODO"),
    ("leftover-text", "Lorem ipsum dolor sit amet.", "Lorem ipsum"),
    ("empty-text", "\n\t ", "white space"),
]


@pytest.mark.parametrize(("rule", "text", "told"), BROKEN)
def test_what_is_spoken_badly_is_found(tmp_path: Path, rule: str, text: str, told: str) -> None:
    (detail,) = found(tmp_path, rule, desk(first_message=text))
    assert told in detail


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("spoken-markdown", "Two - or three - people. That is 5 * 3 * 2, number # 1."),
        ("spoken-markdown", "Hello {{first_name}}, this is snake_case_name and __init."),
        ("spoken-markdown", "[laughs] Welcome (again)."),
        ("spoken-url", "Find us at acme.nl, or in the wwwoods."),
        ("spoken-email", "Meet us @ the station, or ask info at acme dot com."),
        ("spoken-emoji", "Café Zoë — wij zijn er… “altijd” € 5, 20 °C, ½ uur."),
        ("spoken-digits", "Call 085, 000, 00 11, or 112. In 2026 we have 100000 customers."),
        ("spoken-digits", "Hello {{customer_12345678}}"),
        ("spoken-capitals", "KNMT en BSN, of de ANWB. Hier is ACME."),
        ("spoken-capitals", "Hello {{FIRST NAME}}, {{LAST_NAME}}."),
        ("spoken-abbreviation", "I see e.g is no word. Mevr Jansen? Ja. Tot ziens."),
        ("wrong-encoding", "Ça va ? São Paulo, MÃE, Ärzte, naïve, ÂGE: à bientôt."),
        ("html-entity", "Fish & chips; R&D; AT&T; &notanentity;"),
        ("leftover-text", "Habla con todo el mundo; TODO EL MUNDO. I insert your card [Identity]."),
        ("empty-text", " . "),
    ],
)
def test_what_only_looks_like_it_is_passed_over(tmp_path: Path, rule: str, text: str) -> None:
    assert found(tmp_path, rule, desk(first_message=text)) == []


@pytest.mark.parametrize("rule", sorted({rule for rule, _, _ in BROKEN if rule.startswith("spoken")}))
def test_a_prompt_may_have_what_is_not_spoken(tmp_path: Path, rule: str) -> None:
    text = "\n".join(text for _, text, _ in BROKEN)
    assert found(tmp_path, rule, prompt(text)) == []
    assert found(tmp_path, rule, desk(first_message=None)) == []


def test_every_spoken_text_is_looked_at(tmp_path: Path) -> None:
    url = "Go to https://acme.example"
    tool = {"name": "look_up", "description": "Looks up.", "url": "https://acme.example", "message": url}
    example = desk(
        voicemail_message=url,
        recording_consent={"enabled": True, "message": url},
        llm_config={"provider": "openai", "model": "gpt-5.4", "tools": [{**tool, "parameters": {"type": "object"}}]},
        speech_config={"silence": {"messages": ["Hello?", url], "final_message": url}, "end_call_message": url},
    )
    assert len(found(tmp_path, "spoken-url", example)) == 6


def test_a_tool_that_is_pasted_in_is_told_once(tmp_path: Path) -> None:
    example = """
tool_templates:
  transfer:
    name: Transfer
    tool_type: transfer_call
    tool_config: {destinations: [{type: number, number: "+31850000020", description: Desk, message: Hi 👍}]}
assistants:
  one: {name: One, llm_config: {provider: openai, model: gpt-5.4, tools: ["${tool_templates.transfer}"]}}
  two: {name: Two, llm_config: {provider: openai, model: gpt-5.4, tools: ["${tool_templates.transfer}"]}}
"""
    assert len(found(tmp_path, "spoken-emoji", example)) == 1


def test_a_variable_is_looked_at_as_it_is_spoken(tmp_path: Path) -> None:
    settings = "# file: hmsplan.yaml\nversion: 1\nstack: acme\nvariables: {tel: {default: '0850000011'}}\n"
    example = 'assistants: {desk: {name: Desk, first_message: "Call ${var:tel}."}}\n'
    assert len(found(tmp_path, "spoken-digits", example + settings)) == 1


LONG = "Welkom bij de praktijk, waar wij u graag helpen met al uw vragen over afspraken en over rekeningen. "


def test_a_greeting_is_measured_in_the_language_and_speed_of_its_voice(tmp_path: Path) -> None:
    text = (LONG * 2)[:160]
    rule = "long-first-message"
    (told,) = found(tmp_path, rule, desk(first_message=text))
    assert "about 11 seconds (160 characters; an estimate)" in told
    voice = {"provider": "elevenlabs", "voice_id": "x"}
    assert found(tmp_path, rule, desk(first_message=text, tts_config={**voice, "language": "es"})) == []
    assert found(tmp_path, rule, desk(first_message=text, tts_config={**voice, "speed": 1.2})) == []
    assert found(tmp_path, rule, desk(first_message=text[:140])) == []


def test_a_greeting_of_outbound_calls_is_measured_too(tmp_path: Path) -> None:
    example = desk(first_message="Hello.", speech_config={"first_message_outbound": (LONG * 3)[:290]})
    assert len(found(tmp_path, "long-first-message", example)) == 1


def test_placeholders_and_line_ends_of_a_greeting_take_no_long_time(tmp_path: Path) -> None:
    text = "Hello {{the_first_name_of_the_person_that_is_called}},\n" + " " * 120 + "is this a good moment?"
    assert found(tmp_path, "long-first-message", desk(first_message=text)) == []


def test_an_empty_prompt_is_found_and_an_empty_greeting_is_not(tmp_path: Path) -> None:
    assert len(found(tmp_path, "empty-text", prompt(""))) == 1
    assert found(tmp_path, "empty-text", prompt("Be kind.", first_message="", voicemail_message=None)) == []


def test_a_pronunciation_is_compared_with_those_before_it(tmp_path: Path) -> None:
    def conflicts(*entries: tuple[str, str]) -> list[str]:
        listed = [{"from": written, "to": said} for written, said in entries]
        return found(tmp_path, "pronunciation-conflict", desk(speech_config={"pronunciation": listed}))

    assert len(conflicts(("BSN", "bee es en"), ("DPSI", "dee"), ("BSN", "bee ess enn"))) == 1
    assert "as it is written" in conflicts(("BSN", "BSN"))[0]
    assert conflicts(("BSN", "bee es en"), ("BSN", "bee es en"), ("bsn", "burgerservicenummer")) == []


CONTRADICTIONS = [
    ("Always offer a call back.\nNever offer a call back.", True),
    ("- Noem altijd de prijs\n- Noem nooit de prijs", True),
    ("Nenne immer den Preis. Nenne niemals den Preis!", True),
    ("Donne toujours le prix. Ne donne jamais le prix.", True),
    ("**Always** offer a call back.", False),
    ("Always offer a call back. Never offer a discount.", False),
    ("Always offer a call back. If the caller is angry, never offer a call back.", False),
    ("Always, and never late, offer a call back.", False),
    ("Never. Always.", False),
    ("Never guess. Always guess.", False),
    ("Never offer a call back.\nNever offer a call back.", False),
]


@pytest.mark.parametrize(("text", "wrong"), CONTRADICTIONS)
def test_orders_contradict_each_other_when_all_but_always_and_never_is_the_same(
    tmp_path: Path, text: str, wrong: bool
) -> None:
    assert bool(found(tmp_path, "contradicting-orders", prompt(text))) == wrong


def test_a_contradiction_is_placed_in_the_file_of_the_prompt(tmp_path: Path) -> None:
    example = prompt("${file:prompt.md}") + "\n# file: prompt.md\n# Calls\n\nAlways offer tea.\n\n- Never offer tea.\n"
    (told,) = linted(tmp_path, example, all_rules()["contradicting-orders"])
    assert str(told.source) == "prompt.md:5:3"
    assert "always offer tea" in told.detail


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Always speak Dutch. Only answer in English.", True),
        ("Spreek alleen Nederlands.\nAntwoord altijd in het Engels.", True),
        ("Sprich immer Deutsch. Antworte nur auf Englisch.", True),
        ("Parlez uniquement français. Répondez toujours en anglais.", True),
        ("Always speak Dutch. Speak only Dutch.", False),
        ("Always speak Dutch. If the caller speaks English, always answer in English.", False),
        ("Always speak Dutch or English. Only answer in English.", False),
        ("Always speak Dutch. Never answer in English.", False),
        ("Always speak Dutch. Translate English words.", False),
        ("Always speak Dutch. Only the English desk helps tourists.", False),
        ("Spreek Nederlands. Schakel over op Engels als de beller Engels spreekt.", False),
    ],
)
def test_two_languages_are_a_fault_when_each_is_the_only_one(tmp_path: Path, text: str, wrong: bool) -> None:
    assert bool(found(tmp_path, "two-languages-demanded", prompt(text))) == wrong


@pytest.mark.parametrize(
    ("text", "greeting", "wrong"),
    [
        ("Your name is Anna. Later: your name is Sophie.", "Hello.", True),
        ("Je naam is Anna.", "Hallo, mijn naam is Sophie.", True),
        ("Dein Name ist **Anna**.", "Hallo, mein Name ist Lena.", True),
        ("Tu t'appelles Anna.", "Bonjour, je m'appelle Léa.", True),
        ("Your name is Anna. your name is ANNA.", "My name is Anna.", False),
        ("Ask: what is your name? If the name is Bob, say hi.", "My name is Anna.", False),
        ("Your name is {{name}}.", "My name is Anna.", False),
        ("Callers say: my name is Bob.", "My name is Anna.", False),
    ],
)
def test_an_assistant_has_one_name(tmp_path: Path, text: str, greeting: str, wrong: bool) -> None:
    assert bool(found(tmp_path, "two-names", prompt(text, first_message=greeting))) == wrong


def test_turns_that_set_an_example_give_no_orders(tmp_path: Path) -> None:
    turns = [
        {"role": "system", "content": "Your name is Anna. Always speak Dutch. Always offer tea."},
        {"role": "user", "content": "Your name is Bob. Only answer in English. Never offer tea."},
    ]
    example = desk(llm_config={"provider": "openai", "model": "gpt-5.4", "messages": turns})
    for rule in ("two-names", "two-languages-demanded", "contradicting-orders"):
        assert found(tmp_path, rule, example) == []


PARAGRAPH = "Ask for the date of birth and for the last name; repeat both, and wait for a yes of the caller."


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"{PARAGRAPH}\n\nThen go on.\n\n  {PARAGRAPH}\n", 1),
        (f"{PARAGRAPH}\n\n{PARAGRAPH}", 1),
        (f"{PARAGRAPH}\n\n{PARAGRAPH[:-1]}!", 0),
        ("Be kind.\n\nBe kind.", 0),
    ],
)
def test_a_paragraph_that_stands_twice_is_found(tmp_path: Path, text: str, count: int) -> None:
    assert len(found(tmp_path, "repeated-block", prompt(text))) == count


@pytest.mark.parametrize(
    ("characters", "language", "rules"),
    [
        (15_000, "en", set()),
        (17_000, "en", {"long-prompt"}),
        (15_000, "nl", {"long-prompt"}),
        (70_000, "en", {"huge-prompt"}),
    ],
)
def test_a_prompt_is_measured_in_tokens_of_its_language(
    tmp_path: Path, characters: int, language: str, rules: set[str]
) -> None:
    example = prompt("x" * characters, stt_config={"provider": "deepgram", "model": "nova-3", "language": language})
    assert {rule for rule in ("long-prompt", "huge-prompt") if found(tmp_path, rule, example)} == rules


@pytest.mark.parametrize(
    "fields",
    [
        {"autonomous_silence_handling": True},
        {"speech_config": {"end_call_message": "Goodbye."}},
        {"speech_config": {"end_call_phrases": ["goodbye"]}},
    ],
)
def test_an_assistant_with_another_way_to_end_calls_is_passed_over(tmp_path: Path, fields: dict[str, object]) -> None:
    assert len(found(tmp_path, "missing-goodbye", prompt("Answer questions."))) == 1
    assert found(tmp_path, "missing-goodbye", prompt("Answer questions.", **fields)) == []


@pytest.mark.parametrize("text", ["Neem afscheid.", "Verabschiede dich.", "Dites au revoir.", "Say goodbye."])
def test_a_prompt_that_says_goodbye_is_passed_over(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "missing-goodbye", prompt(text)) == []
    assert found(tmp_path, "missing-goodbye", desk(first_message="Hello.")) == []


SKETCH = "You help with bicycles and know the prices by heart, which are ten euro and thirty euro. " * 3


@pytest.mark.parametrize(
    "line",
    [
        "If you don't know, say so.",
        "Weet je het antwoord niet, verzin dan niets.",
        "Wenn du etwas nicht weißt, sag es.",
        "Si vous ne savez pas, dites-le.",
        "Otherwise transfer the call.",
    ],
)
def test_a_prompt_with_a_fallback_in_its_language_is_passed_over(tmp_path: Path, line: str) -> None:
    assert len(found(tmp_path, "missing-fallback", prompt(SKETCH))) == 1
    assert found(tmp_path, "missing-fallback", prompt(f"{SKETCH}\n{line}")) == []


def test_a_prompt_in_a_language_without_words_is_not_judged(tmp_path: Path) -> None:
    turkish = {"provider": "deepgram", "model": "nova-3", "language": "tr"}
    assert found(tmp_path, "missing-fallback", prompt(SKETCH, stt_config=turkish)) == []
    assert found(tmp_path, "missing-fallback", prompt("Be kind.")) == []


NL = {"provider": "deepgram", "model": "nova-3", "language": "nl"}
DUTCH = "Goedendag, u spreekt met de digitale assistent van Acme. Waarmee kan ik u helpen?"
ENGLISH = "Good day, this is the digital assistant of Acme. How can I help you?"
GERMAN = "Guten Tag, hier ist der digitale Assistent von Acme. Wie kann ich Ihnen helfen?"
FRENCH = "Bonjour, je suis l'assistant virtuel du cabinet. Comment puis-je vous aider ?"


@pytest.mark.parametrize("text", [ENGLISH, GERMAN, FRENCH])
def test_a_text_in_another_language_is_found(tmp_path: Path, text: str) -> None:
    (told,) = found(tmp_path, "text-language-differs", desk(first_message=text, stt_config=NL))
    assert "while stt_config.language is Dutch" in told


@pytest.mark.parametrize(
    "fields",
    [
        {"first_message": DUTCH, "stt_config": NL},
        {"first_message": DUTCH, "stt_config": {**NL, "language": "nl-BE"}},
        {"first_message": DUTCH, "stt_config": {**NL, "language": "multi"}},
        {"first_message": "Hallo!", "stt_config": NL},
        {"first_message": "Welcome, {{first_name}}!", "stt_config": NL},
        {"first_message": "Acme Customer Support, goedendag, waarmee kan ik u helpen vandaag?", "stt_config": NL},
        {"first_message": "Goeiedag, jy praat met die digitale assistent van Acme.", "stt_config": NL},
        {"first_message": ENGLISH},
        {"first_message": None, "stt_config": NL},
        {"stt_config": {"provider": "deepgram", "model": "nova-3", "language": "no"}, "first_message": DUTCH[:20]},
    ],
)
def test_a_text_that_may_be_in_the_language_is_passed_over(tmp_path: Path, fields: dict[str, object]) -> None:
    assert found(tmp_path, "text-language-differs", desk(**fields)) == []


def test_without_a_language_texts_are_compared_with_the_first_one(tmp_path: Path) -> None:
    example = desk(first_message="Goedemorgen, met de assistent van Jansen.", voicemail_message=ENGLISH)
    (told,) = found(tmp_path, "text-language-differs", example)
    assert "It looks English, while first_message is Dutch" in told


def test_an_assistant_with_many_foreign_texts_is_told_once(tmp_path: Path) -> None:
    example = desk(first_message=ENGLISH, voicemail_message=ENGLISH, stt_config=NL)
    assert len(found(tmp_path, "text-language-differs", example)) == 1


def test_a_prompt_may_be_in_another_language(tmp_path: Path) -> None:
    example = prompt("You are the assistant of a practice, and you speak Dutch.", first_message=DUTCH, stt_config=NL)
    assert found(tmp_path, "text-language-differs", example) == []


@pytest.mark.parametrize(
    ("listens", "speaks", "wrong"),
    [("nl", "en", True), ("nl", "nl", False), ("nl-BE", "nl", False), ("multi", "en", False), ("NL", "nl_NL", False)],
)
def test_an_assistant_hears_the_language_that_it_speaks(tmp_path: Path, listens: str, speaks: str, wrong: bool) -> None:
    voice = {"provider": "elevenlabs", "voice_id": "x", "language": speaks}
    example = desk(stt_config={**NL, "language": listens}, tts_config=voice)
    assert bool(found(tmp_path, "language-fields-differ", example)) == wrong
    assert found(tmp_path, "language-fields-differ", desk(stt_config={**NL, "language": listens})) == []


def test_a_prompt_may_tell_a_model_to_fill_something_in(tmp_path: Path) -> None:
    assert found(tmp_path, "leftover-text", prompt("Say: I have booked you for [insert date], [your name].")) == []
    assert len(found(tmp_path, "leftover-text", prompt("You speak for [Company Name].\nTODO: opening hours"))) == 2
    assert (
        found(tmp_path, "leftover-text", prompt("[Identity]\nYou are <a helpful> assistant. [pause] Todo esta bien."))
        == []
    )


@pytest.mark.parametrize("installed", [True, False])
def test_without_the_extra_a_rule_that_needs_it_is_silent(tmp_path: Path, installed: bool) -> None:
    (tmp_path / "hmsplan.yaml").write_text("version: 1\nstack: acme\n", "utf-8")
    (tmp_path / "desk.yaml").write_text(desk(first_message=ENGLISH, stt_config=NL), "utf-8")
    without = "" if installed else "sys.modules['gcld3'] = None; "
    code = f"import sys; {without}from hmsplan.cli import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", code, "-C", str(tmp_path), "lint", "--rule", "text-language-differs"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert ("It looks English" in run.stdout + run.stderr) == installed
    assert ("Nothing found" in run.stdout) != installed


def test_the_list_of_rules_says_what_a_rule_needs() -> None:
    listed = rules_text(all_rules().values(), 80)
    assert "  text-language-differs (warning; needs hmsplan[language])\n" in listed
    assert "  two-names (warning)\n" in listed


@pytest.mark.parametrize(
    "text", ["a" * 50_000 + "@", "*" * 50_000, "[" * 50_000, "A" * 50_000, "1" * 50_000, "<" * 50_000]
)
def test_a_text_without_end_is_read_to_its_end(tmp_path: Path, text: str) -> None:
    """A regular expression that tries every way from every place would take hours."""
    found_in = linted(tmp_path, desk(first_message=text, voicemail_message=f"{text} "))
    assert {each.severity for each in found_in} <= {"info", "warning"}
