"""Is this text a credential, by its form or the name it stands under, or only something in the place of one. Pure.

In the place of a secret may stand a mask of the API, a placeholder or a reference that was not resolved.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HIDDEN: Final = "(sensitive value)"
"""What is shown in the place of a credential."""

_DOTS: Final = re.compile("[*]{3}|[\u2022\u25cf\u00b7]{2}")
_CUT: Final = re.compile(r"[xX.*]{3,}|\S{0,24}(?:\.{3,}|\u2026)\S{0,24}")
_PLACEHOLDER: Final = re.compile(
    r"<.*>|\[(?:redacted|masked|hidden|filtered|secret)\]|\(sensitive value\)|redacted|masked|hidden|placeholder"
    r"|(?:change|replace|fill)[ _-]?(?:me|it|this|in)|todo|tbd|fixme|your[ _-].*"
    r"|\[object \w+\]|(?:(?:bearer|basic) +)?(?:null|none|undefined)",
    re.IGNORECASE,
)
_SECRET_NAME: Final = re.compile(r"secret|token|password|passwd|api[_-]?key|authorization|credential", re.IGNORECASE)


_WHOLE: Final = {
    "1Password": r"(?i:op)://.+",
    "AWS": r"(?i:arn:aws[a-z-]*:.+|(?:ssm|awsssm|secretsmanager|awssecretsmanager|awssm):/{0,2}.+)",
    "Azure Key Vault": (
        r"(?i:@Microsoft\.\w+\(.*\)|(?:keyvault|akv|azurekeyvault):.+|https://[a-z0-9-]+\.vault\.azure\.net/.+)"
    ),
    "Google Secret Manager": r"(?i:(?:(?:gcpsm|gsm|sm|gcp):/{0,2})?projects/[^/\s]+/secrets/.+)",
    "a secret store": r"(?i:(?!https?:)[a-z][a-z0-9+.-]+://.+|(?:vault|doppler|akeyless|infisical):[\w./-]*[/#].*)",
    "the holder of a key": (
        r"\$ANSIBLE_VAULT;.*|-----BEGIN (?:AGE ENCRYPTED FILE|PGP MESSAGE)-----.*|\{cipher\}.*|ENC\([A-Za-z0-9+/=]+\)"
    ),
    "a shell": r"\$(?:[A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_]*)|\$env:\w+|\$\([A-Za-z][\w ./:\"'-]*\)",
    "Windows or Symfony": r"%[A-Za-z_]\w*%|%env\(.*\)%",
    "a pipeline": (
        r"\$\[ *\w[\w.]*.*\]|\(\([\w./-]+\)\)|(__|@@)[A-Z][A-Z0-9_]*\1|#\{[\w. -]+\}#?"
        r"|(?:secrets|env|vars)\.[A-Z][A-Z0-9_]*"
    ),
    "a program": r"%\([A-Za-z_]\w*\)s|process\.env\.\w+|os\.environ.*|<%.*%>|!(?:Ref|GetAtt|Sub|vault) .*",
}
"""Who resolves a reference, to the forms of it."""
_WITHIN: Final = {
    "SOPS": r"ENC\[[A-Z0-9_]{1,40},.*\]",
    "GitHub Actions": r"\$\{\{.{0,500}?\}\}",
    "a template": r"\{\{[^{}]*\}\}|\{% .{0,500}? %\}",
    "a shell or a template": r"\$\{[A-Za-z_][\w.:/-]*\}",
}
"""The same of forms that are one also inside a longer text."""


def is_mask(text: str) -> bool:
    """Say whether *text* hides a secret, or holds its place, rather than being one."""
    text = text.strip()
    return not text or bool(_DOTS.search(text) or _CUT.fullmatch(text) or _PLACEHOLDER.fullmatch(text))


def sounds_secret(name: object) -> bool:
    """Say whether a field of this name holds a secret in all likelihood."""
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None


HEADERS: Final = "headers"
"""Below a field of this name every text may be a secret, whatever it is called."""


def unresolved(text: str) -> str:
    """Return who should have put a secret in the place of the reference that *text* is; "" when it is none."""
    text = text.strip()
    for who, form in _WHOLE.items():
        if re.fullmatch(form, text, re.DOTALL):
            return who
    return next((who for who, form in _WITHIN.items() if re.search(form, text, re.DOTALL)), "")


# Credentials

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,19}://[^\s\"'<>`|\\]+")
_LOGIN: Final = re.compile(
    r"(?:(?<=^http://)|(?<=^https://))[^/?#\\]+(?=@)|(?<=://)[^/?#\\:@]*:[^/?#\\@]+(?=@)", re.IGNORECASE
)
_PARAMETER: Final = re.compile(r"(?<=[?#&;])([^=&;#?]+)=([^&;#]+)")
_SIGNED: Final = re.compile(
    r"(x-(amz|goog)-)?(sig|signature)|(api|access|auth|app|subscription)?[_-]?(key|code|sid)|hmac|jwt|auth|pwd|pass",
    re.IGNORECASE,
)
_SEGMENT: Final = re.compile(r"(?<=/)[^/?#]+")
_RANDOM: Final = re.compile(r"[A-Za-z0-9_~+=-]{20,}")
_NAME: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-f]{24}")
_WORD: Final = 16  # characters without a dash; a word of a slug is shorter
_TURNS: Final = 4  # runs of digits; a slug with a version and a year has two
_RUN: Final = 3  # characters of one class in a row, on average; camel case has more
_SECRET_PATH: Final = re.compile(
    r"https://(hooks\.slack\.com/(services|workflows|triggers)/|discord(app)?\.com/api/webhooks/|hook(\.[a-z0-9]+)?\.make\.com/)"
    r"(.*/)?",
    re.IGNORECASE,
)
_PLACEHOLDER_STARTS: Final = ("{", "%7B", "%7b", "$", "<", "(sensitive", "***", "…")
_KEY: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?:(?:sk|rk|pk)[-_](?:live|test|proj|ant)[-_]|whsec_|gh[opsu]_|github_pat_|glpat-|xox[abps]-|shpat_"
    r"|npm_|hf_|fl_live_|SG\.|AKIA|AIza|eyJ(?=[A-Za-z0-9_-]+\.eyJ))[A-Za-z0-9_.-]{12,}"
)
_SCHEME: Final = re.compile(r"(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{16,}|(?<=[Bb]asic )[A-Za-z0-9+/]{12,}={0,2}")
_HINTS: Final = ("://", "earer ")
_OF_KEYS: Final = (
    *("asic ", "sk-", "sk_", "rk_", "rk-", "pk_", "pk-", "whsec_", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_"),
    *("glpat-", "xox", "shpat_", "npm_", "hf_", "fl_live_", "SG.", "AKIA", "AIza", "eyJ"),
)
_ALL_HINTS: Final = (*_HINTS, *_OF_KEYS)
_SHORT: Final = 200  # characters of a text that is looked at once and remembered
_LEAST: Final = 12  # characters of the shortest text that can hold one: https://?k=v
_PROSE: Final = 1000  # characters from which a text is prose, in which a key of a service is not looked for


def may_hold_one(text: str) -> bool:
    """Say quickly whether *text* is worth a closer look; this is asked of every text there is."""
    length = len(text)
    return length >= _LEAST and (_short_may_hold_one(text) if length <= _SHORT else _has_a_hint(text))


def _has_a_hint(text: str) -> bool:
    for hint in _HINTS if len(text) > _PROSE else _ALL_HINTS:  # noqa: SIM110 -- half the time of any()
        if hint in text:
            return True
    return False


_short_may_hold_one: Final = functools.lru_cache(maxsize=1024)(_has_a_hint)
"""Remembers what was said of short texts, which are the same in many objects."""


def hidden(text: str) -> str:
    """Return *text* with "(sensitive value)" in the place of whatever looks like a credential; twice is once."""
    spans = _spans(text)
    if not spans:
        return text
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], HIDDEN]
        at = end
    return "".join([*pieces, text[at:]])


def credentials(text: str) -> list[str]:
    """Return what looks like a credential in *text*."""
    return [text[start:end] for start, end in _spans(text)]


def service_keys(text: str) -> list[tuple[int, int]]:
    """Return where keys of services stand that are known by how they begin; slow in long texts."""
    for hint in _OF_KEYS:
        if hint in text:
            return [match.span() for match in _KEY.finditer(text)]
    return []


def _spans(text: str) -> Sequence[tuple[int, int]]:
    """Return where credentials stand, from left to right; none overlaps another."""
    if not may_hold_one(text):
        return ()
    return _spans_of_short(text) if len(text) <= _SHORT else _found(text)


@functools.lru_cache(maxsize=1024)
def _spans_of_short(text: str) -> Sequence[tuple[int, int]]:
    """Remember what was found in a text: many objects of an organization name the same few URLs."""
    return _found(text)


def _found(text: str) -> Sequence[tuple[int, int]]:
    found = [span for url in _URL.finditer(text) for span in _in_url(url[0], url.start())]
    found += [match.span() for match in _KEY.finditer(text)]
    found += [match.span() for match in _SCHEME.finditer(text) if _is_mixed(match[0])]
    spans: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _in_url(url: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the login, the parameters that sound like secrets, and the parts of the path that cannot be guessed."""
    if (login := _LOGIN.search(url)) and not login[0].startswith(_PLACEHOLDER_STARTS):
        yield at + login.start(), at + login.end()
    for parameter in _PARAMETER.finditer(url):
        name, value = unquote(parameter[1]), parameter[2]
        if (sounds_secret(name) or _SIGNED.fullmatch(name)) and not value.startswith(_PLACEHOLDER_STARTS):
            yield at + parameter.start(2), at + parameter.end(2)
    authority = url.index("://") + 3
    path = len(url[:authority]) + len(re.split(r"[/?#]", url[authority:], maxsplit=1)[0])
    known = _SECRET_PATH.match(url)
    for segment in _SEGMENT.finditer(url, path, len(re.split(r"[?#]", url, maxsplit=1)[0])):
        last = known is not None and segment.start() >= known.end() and not segment[0].startswith(_PLACEHOLDER_STARTS)
        if last or is_random(segment[0]):
            yield at + segment.start(), at + segment.end()


def is_random(word: str) -> bool:
    """Say whether *word* was drawn and not written: long, with letters and digits in turns.

    A UUID is a name, and so is an id of 24 hexadecimal digits; words and dates are short between their dashes.
    """
    if not _RANDOM.fullmatch(word) or _NAME.fullmatch(word) or not _is_mixed(word):
        return False
    runs = re.findall(r"[a-z]+|[A-Z]+|[0-9]+|[^a-zA-Z0-9]", word)
    turns = sum(run.isdigit() for run in runs)
    longest = max(map(len, re.split(r"[-_]", word)))
    return longest >= _WORD and (turns >= _TURNS or len(runs) * _RUN >= len(word))


def _is_mixed(word: str) -> bool:
    return any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
