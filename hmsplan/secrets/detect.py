"""What stands in the place of a secret and is none: a mask of the API, a placeholder, an unresolved reference. Pure."""

from __future__ import annotations

import re
from typing import Final

_DOTS: Final = re.compile("[*]{3}|[\u2022\u25cf\u00b7]{2}")
_CUT: Final = re.compile(r"[xX.*]{3,}|\S{0,24}(?:\.{3,}|\u2026)\S{0,24}")
_PLACEHOLDER: Final = re.compile(
    r"<.*>|\[(?:redacted|masked|hidden|filtered|secret)\]|\(sensitive value\)|redacted|masked|hidden|placeholder"
    r"|(?:change|replace|fill)[ _-]?(?:me|it|this|in)|todo|tbd|fixme|your[ _-].*|null|none|undefined",
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
    "whoever can decrypt it": (
        r"\$ANSIBLE_VAULT;.*|-----BEGIN (?:AGE ENCRYPTED FILE|PGP MESSAGE)-----.*|\{cipher\}.*|ENC\([A-Za-z0-9+/=]+\)"
    ),
    "a shell": r"\$(?:[A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_]*)|\$env:\w+|\$\([A-Za-z][\w ./:\"'-]*\)",
    "Windows or Symfony": r"%[A-Za-z_]\w*%|%env\(.*\)%",
    "a pipeline": (
        r"\$\[ *\w[\w.]*.*\]|\(\([\w./-]+\)\)|__[A-Z][A-Z0-9_]*__|#\{[\w. -]+\}|(?:secrets|env|vars)\.[A-Z][A-Z0-9_]*"
    ),
    "a program": r"process\.env\.\w+|os\.environ.*|<%.*%>|!(?:Ref|GetAtt|Sub|vault) .*",
}
"""Who resolves a reference, to the forms of it."""
_WITHIN: Final = {
    "SOPS": r"ENC\[[A-Z0-9_]{1,40},.*\]",
    "GitHub Actions": r"\$\{\{.{0,500}?\}\}",
    "a template": r"\{\{[^{}]*\}\}|\{% .{0,500}? %\}",
    "a shell or a template": r"\$\{[A-Za-z_][\w.:/-]*\}",
}
"""The same of forms that are one also inside a longer text."""
_REFERENCES: Final = (
    *((who, re.compile(form, re.DOTALL).fullmatch) for who, form in _WHOLE.items()),
    *((who, re.compile(form, re.DOTALL).search) for who, form in _WITHIN.items()),
)


def is_mask(text: str) -> bool:
    """Say whether *text* hides a secret, or holds its place, rather than being one."""
    text = text.strip()
    return not text or bool(_DOTS.search(text) or _CUT.fullmatch(text) or _PLACEHOLDER.fullmatch(text))


def sounds_secret(name: object) -> bool:
    """Say whether a field of this name holds a secret in all likelihood."""
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None


def unresolved(text: str) -> str:
    """Return who should have put a secret in the place of the reference that *text* is; "" when it is none."""
    text = text.strip()
    return next((who for who, finds in _REFERENCES if finds(text)), "")
