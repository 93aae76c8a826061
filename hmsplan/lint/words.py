"""Words and phrases that rules look for, by language. To teach lint a language, add a line to each table. Pure.

All are in lower case, and are looked for in lower case; ``AI`` and its like are words of their own. A table that lacks
a language makes its rules silent there, never wrong.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Phrases: TypeAlias = "Mapping[str, tuple[str, ...]]"
"""Language, as ISO 639-1 has it, to phrases."""


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


CHARACTERS_A_SECOND: Final[Mapping[str, float]] = MappingProxyType(
    {"nl": 15, "en": 15, "de": 15, "pl": 14, "fr": 16, "it": 16, "pt": 16, "es": 17, "zh": 4.5, "ja": 7.5, "ko": 6}
)
"""How much of a text is spoken in a second, spaces included: about 150 English words a minute of 6 characters each.

An estimate. The others follow from what a word has of characters in the language and how fast it is spoken (Coupé and
others, Science Advances 5, 2019: different languages, similar information rates).
"""
USUAL_CHARACTERS_A_SECOND: Final = 15.0

ABBREVIATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bijv.": "bijvoorbeeld",
        "bv.": "bijvoorbeeld",
        "o.a.": "onder andere",
        "d.w.z.": "dat wil zeggen",
        "a.u.b.": "alstublieft",
        "aub": "alstublieft",
        "i.v.m.": "in verband met",
        "m.b.t.": "met betrekking tot",
        "t/m": "tot en met",
        "evt.": "eventueel",
        "incl.": "inclusief",
        "excl.": "exclusief",
        "tel.": "telefoon",
        "m.a.w.": "met andere woorden",
        "i.p.v.": "in plaats van",
        "t.a.v.": "ter attentie van",
        "e.g.": "for example",
        "i.e.": "that is",
        "approx.": "approximately",
        "appt.": "appointment",
        "a.s.a.p.": "as soon as possible",
        "asap": "as soon as possible",
        "w/o": "without",
        "z.b.": "zum Beispiel",
        "d.h.": "das heißt",
        "u.a.": "unter anderem",
        "bzw.": "beziehungsweise",
        "ggf.": "gegebenenfalls",
        "inkl.": "inklusive",
        "zzgl.": "zuzüglich",
        "usw.": "und so weiter",
        "p.ex.": "par exemple",
        "c.-à-d.": "c'est-à-dire",
        "svp": "s'il vous plaît",
        "s.v.p.": "s'il vous plaît",
        "p.ej.": "por ejemplo",
        "aprox.": "aproximadamente",
        "p.es.": "per esempio",
        "np.": "na przykład",
        "tzn.": "to znaczy",
        "itd.": "i tak dalej",
        "enz.": "enzovoort",
        "ecc.": "eccetera",
    }
)
"""Abbreviation to what a person says; only those that stand for nothing else."""

OF_MACHINES: Final[Phrases] = MappingProxyType(
    {
        "": ("digital", "robot", "chatbot", "voicebot", "callbot", "gpt"),
        "nl": ("digitale", "virtuele", "kunstmatig", "geautomatiseerd", "automatisch", "computer", "slimme assistent"),
        "en": ("digital", "virtual", "artificial", "automated", "automatic", "computer", "not a human", "machine"),
        "de": ("digital", "virtuell", "künstlich", "automatisch", "automatisiert", "computer", "maschine"),
        "fr": ("numérique", "virtuel", "artificiel", "automatique", "automatisé", "ordinateur", "digital"),
        "es": (
            "digital",
            "virtual",
            "artificial",
            "automático",
            "automática",
            "automatizad",
            "ordenador",
            "computadora",
        ),
        "it": ("digital", "virtual", "artificial", "automatic", "automatizzat", "computer"),
        "pt": ("digital", "virtual", "artificial", "automátic", "automatizad", "computador"),
        "pl": ("cyfrow", "wirtualn", "sztuczn", "automat", "komputer"),
        "da": ("digital", "virtuel", "kunstig", "automatisk", "computer"),
        "sv": ("digital", "virtuell", "artificiell", "automatisk", "dator"),
        "no": ("digital", "virtuell", "kunstig", "automatisk", "datamaskin"),
    }
)
"""By which words a speaker lets people know that it is a machine; under "" those of every language."""
MACHINE_WORDS: Final = re.compile(r"\b(?:A\.?I|K\.?I|I\.?A|S\.?I|bot|Bot)\b(?!\])|[Bb]ot\b")
"""The same as words of their own, in the case they are written in."""

PRESS_ONE: Final = re.compile(
    r"\b(?:1|one|een|één|eins|eine|un|une|uno|una|um|uma|jeden|jedynk\w*|et|ett|en)\b", re.IGNORECASE
)
"""The key 1, in every language of the tables above."""

FALLBACK: Final[Phrases] = MappingProxyType(
    {
        "en": (
            *("transfer", "colleague", "call back", "callback", "take a message", "human", "not know", "n't know"),
            *("unsure", "not sure", "not certain", "n't sure", "no answer", "cannot help", "can't help"),
            *("cannot answer", "can't answer", "unable to", "not understand", "n't understand", "escalat"),
            *("not listed", "make up", "make anything up", "invent", "guess", "outside your", "out of scope"),
            "off-topic",
        ),
        "nl": (
            *(
                "verbind",
                "collega",
                "medewerker",
                "terugbel",
                "teruggebeld",
                "niet weet",
                "weet je het",
                "weet je iets",
            ),
            *("onzeker", "twijfel", "geen antwoord", "niet helpen", "niet beantwoorden", "verzin", "niet begrijp"),
            *("versta je", "gok"),
        ),
        "de": (
            *("kolleg", "mitarbeiter", "verbind", "weiterleit", "rückruf", "zurückruf", "nicht weiß", "nicht weißt"),
            *("nicht sicher", "unsicher", "keine antwort", "nicht helfen", "zweifel", "nicht beantworten", "erfinde"),
            *("rate nicht", "nicht verstehst", "nicht verstanden"),
        ),
        "fr": (
            *("transfér", "collègue", "conseiller", "rappel", "sais pas", "savez pas", "pas sûr", "doute"),
            *("sans réponse", "aucune réponse", "pas aider", "pas répondre", "invente", "comprends pas"),
            "comprenez pas",
        ),
        "es": ("no sabe", "no sé", "no está", "duda", "no puede", "invent", "transfer", "compañer", "agente", "llamar"),
        "it": ("non sai", "non sa", "dubbio", "non puoi", "invent", "trasfer", "collega", "operatore", "richiam"),
        "pt": ("não sabe", "dúvida", "não pode", "invent", "transfer", "colega", "atendente", "ligar de volta"),
        "pl": ("nie wiesz", "nie zna", "wątpliw", "nie możesz", "zmyśl", "przełącz", "konsultant", "oddzwon"),
    }
)
"""What a prompt says of the moment when the assistant does not know, or cannot help; what is said most often first."""

GOODBYE: Final[Phrases] = MappingProxyType(
    {
        "en": (
            "goodbye",
            "good bye",
            "say bye",
            "end the call",
            "hang up",
            "end_call",
            "endcall",
            "closing",
            "farewell",
        ),
        "nl": ("tot ziens", "afscheid", "ophang", "hang op", "beëindig", "afsluit", "groet", "fijne dag"),
        "de": ("auf wiederhören", "verabschied", "auflegen", "beende", "tschüss", "schönen tag"),
        "fr": ("au revoir", "raccroch", "termine", "bonne journée", "prends congé", "prenez congé"),
        "es": ("adiós", "despid", "despedid", "cuelg", "termina", "finaliza", "buen día"),
        "it": ("arrivederci", "saluta", "riaggancia", "termina", "chiudi", "buona giornata"),
        "pt": ("adeus", "despeça", "despede", "desliga", "desligue", "encerr", "bom dia"),
        "pl": ("do widzenia", "pożegnaj", "zakończ", "rozłącz", "do usłyszenia", "miłego dnia"),
    }
)
"""What a prompt says of the end of a call."""

ALWAYS: Final[Phrases] = MappingProxyType(
    {
        "en": ("always",),
        "nl": ("altijd",),
        "de": ("immer", "stets"),
        "fr": ("toujours",),
        "es": ("siempre",),
        "it": ("sempre",),
        "pt": ("sempre",),
        "pl": ("zawsze",),
    }
)
NEVER: Final[Phrases] = MappingProxyType(
    {
        "en": ("never",),
        "nl": ("nooit",),
        "de": ("niemals", "nie"),
        "fr": ("jamais",),
        "es": ("nunca", "jamás"),
        "it": ("mai",),
        "pt": ("nunca", "jamais"),
        "pl": ("nigdy",),
    }
)
EVERY_ALWAYS: Final = frozenset(word for table in ALWAYS.values() for word in table)
EVERY_NEVER: Final = frozenset(word for table in NEVER.values() for word in table)
ONLY: Final[Phrases] = MappingProxyType(
    {
        "en": ("only", "exclusively"),
        "nl": ("alleen", "uitsluitend"),
        "de": ("nur", "ausschließlich"),
        "fr": ("uniquement", "exclusivement", "seulement"),
        "es": ("sólo", "solo", "solamente", "únicamente"),
        "it": ("solo", "soltanto", "esclusivamente"),
        "pt": ("somente", "apenas", "exclusivamente"),
        "pl": ("tylko", "wyłącznie"),
    }
)
EVERY_ONLY: Final = frozenset(word for table in ONLY.values() for word in table)
CONDITIONS: Final = _words(
    "if when whenever unless except until als wanneer tenzij behalve zodra wenn falls außer sofern si quand sauf",
    "lorsque cuando salvo se quando eccetto jeśli gdy chyba or of oder ou o lub",
)
"""Words by which a demand holds only sometimes, or offers a choice."""
SPEAKING: Final = re.compile(
    r"\b(?:speak|answer|respond|reply|talk|communicate|spreek|praat|antwoord|sprich|sprechen sie|antworte|antworten sie"
    r"|parle|parlez|réponds|répondez|habla|hable|responde|responda|parla|parli|rispondi|risponda|fale|mów|odpowiadaj)\b"
)
"""Tells a model to speak; in lower case."""
_CODES: Final = ("nl", "en", "de", "fr", "es", "it", "pt", "pl")
_LANGUAGES: Final = {
    "en": "dutch english german french spanish italian portuguese polish",
    "nl": "nederlands engels duits frans spaans italiaans portugees pools",
    "de": "niederländisch englisch deutsch französisch spanisch italienisch portugiesisch polnisch",
    "fr": "néerlandais anglais allemand français espagnol italien portugais polonais",
    "es": "neerlandés inglés alemán francés español italiano portugués polaco",
    "it": "olandese inglese tedesco francese spagnolo italiano portoghese polacco",
    "pt": "holandês inglês alemão francês espanhol italiano português polonês",
    "pl": "niderlandzku angielsku niemiecku francusku hiszpańsku włosku portugalsku polsku",
}
LANGUAGES: Final[Mapping[str, str]] = MappingProxyType(
    {name: code for names in _LANGUAGES.values() for name, code in zip(names.split(), _CODES, strict=True)}
)
"""Name of a language, in any of them, to its code."""
NAMES_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "nl": "Dutch",
        "en": "English",
        "de": "German",
        "fr": "French",
        "es": "Spanish",
        "it": "Italian",
        "pt": "Portuguese",
        "pl": "Polish",
        "da": "Danish",
        "sv": "Swedish",
        "no": "Norwegian",
        "fi": "Finnish",
        "tr": "Turkish",
        "ru": "Russian",
        "ar": "Arabic",
        "zh": "Chinese",
        "ja": "Japanese",
        "cs": "Czech",
        "hu": "Hungarian",
        "ro": "Romanian",
        "el": "Greek",
        "uk": "Ukrainian",
        "hi": "Hindi",
        "ko": "Korean",
    }
)

FREQUENT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "nl": _words("het een ik u je van met voor niet wij bent kunt kan dat dit uw spreekt waarmee zijn naar ook"),
        "en": _words("the you your this for with how can i are is to we of our please and"),
        "de": _words("der die das ich sie ist mit wie kann ihnen nicht hier von für wir und ihre zu"),
        "fr": _words("le la les vous je est avec votre pour nous pas et une des puis-je ici"),
        "es": _words("el los usted le con para por qué puedo está y su soy una nuestro"),
        "it": _words("il lo gli lei con per come posso sono è e di una nostro chiamare"),
        "pt": _words("o os você com para como posso não é e em que uma nosso sou"),
        "pl": _words("nie jest w na do czy mogę pan pani i z tu proszę jak"),
    }
)
"""Small words that a text of a language is full of; to see at a glance that it is one."""

YOUR_NAME: Final[Phrases] = MappingProxyType(
    {
        "en": ("your name is ", "you are called "),
        "nl": ("je naam is ", "jouw naam is ", "uw naam is ", "je heet ", "u heet "),
        "de": ("dein name ist ", "ihr name ist ", "du heißt "),
        "fr": ("ton nom est ", "votre nom est ", "ton prénom est ", "tu t'appelles ", "vous vous appelez "),
        "es": ("tu nombre es ", "su nombre es ", "te llamas "),
        "it": ("il tuo nome è ", "ti chiami "),
        "pt": ("seu nome é ", "teu nome é "),
        "pl": ("nazywasz się ", "masz na imię "),
    }
)
"""What a prompt says before the name of the assistant."""
MY_NAME: Final[Phrases] = MappingProxyType(
    {
        "en": ("my name is ",),
        "nl": ("mijn naam is ",),
        "de": ("mein name ist ",),
        "fr": ("je m'appelle ",),
        "es": ("me llamo ", "mi nombre es "),
        "it": ("mi chiamo ",),
        "pt": ("meu nome é ",),
        "pl": ("nazywam się ",),
    }
)
"""What the assistant says before its own name."""
NAME: Final = re.compile(r"[ \t\"'*“„]{0,4}([A-ZÀ-ÖØ-Þ][\w-]{1,30})")

PASSWORD: Final = re.compile(
    r"\b(?:password|passcode|api[ _-]?key|access token|wachtwoord|passwort|kennwort|mot de passe|contraseña|senha"
    r"|hasło)\b[\"'`*]{0,2}(?:(?: [^\W\d]+){0,4}? (?:is|ist|lautet|est|es|é|to):?|\s*[:=])"
    r"\s*[\"'`*]{0,2}([^\s\"'`*{<\[]{6,64})",
    re.IGNORECASE,
)
PASSWORD_WORDS: Final = (
    *("password", "passcode", "api key", "api_key", "api-key", "apikey", "access token", "wachtwoord", "passwort"),
    *("kennwort", "mot de passe", "contraseña", "senha", "hasło"),
)
"""What ``PASSWORD`` begins with."""

BIRTH: Final = re.compile(
    r"\b(?:born(?: on)?|date of birth|birth ?date|dob|birthday|geboren(?: op| am)?|geboortedatum|geburtsdatum|né[e]? le"
    r"|date de naissance|nacid[oa] el|fecha de nacimiento|nat[oa] il|data di nascita|data de nascimento|urodzon[ya]"
    r"|data urodzenia)\b\W{0,4}(?:is |was |the )?"
    r"(\d{1,2}[-/. ]\d{1,2}[-/. ](?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d)",
    re.IGNORECASE,
)
"""A date of birth, with the words that say it is one."""

ROLES: Final = _words(
    "info contact hello hallo hi help helpdesk support service services servicedesk klantenservice kundenservice",
    "sales verkoop vertrieb ventas office kantoor buero admin administratie administration billing invoice rechnung",
    "facturen balie receptie reception frontdesk welcome praktijk praxis team staff jobs careers hr privacy gdpr",
    "dpo legal press media news marketing no noreply reply do not postmaster webmaster security abuse root mail",
    "email post bookings booking reservations reserveringen afspraak afspraken termin appointments orders order",
    "shop store bestelling web customer care client clients klant first last name firstname lastname voornaam",
    "achternaam vorname nachname user your john jane doe example voorbeeld test demo uk us nl de fr eu be",
)
"""Parts of the address of a function, or of an example, not of a person."""


def of(table: Phrases, language: str, *, english: bool = True) -> Iterator[str]:
    """Yield the phrases of a language and of English, which many prompts are written in; of all if it is not known."""
    for each in ("", language, *(("en",) if english and language != "en" else ())) if language in table else table:
        yield from table.get(each, ())
