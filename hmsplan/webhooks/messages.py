"""An event as a file: its headers, an empty line, and its body byte for byte, as HTTP writes them. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from hmsplan.model import Secret
from hmsplan.webhooks.case import Receiver, Signing
from hmsplan.webhooks.cases import body_of, headers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmsplan.webhooks.case import WebhookCase

INDEX: Final = "fixtures.json"
FIXTURE_SECRET: Final = "hmsplan-fixtures-are-signed-with-this"  # noqa: S105 -- published with each fixture
FIXTURE_TIME: Final = 1_767_225_600
"""2026-01-01T00:00:00Z: fixtures are the same bytes on every day."""
MOST_BYTES: Final = 10_000_000
_RECEIVER: Final = Receiver("", Secret("fixture", FIXTURE_SECRET))
_SLUG: Final = re.compile(r"[^a-z0-9]+")


class Message(NamedTuple):
    """What a service receives; a header may be there twice."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


class NotAMessage(ValueError):
    """The text says why."""


def written(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return an event as it is kept in a file."""
    head = "".join(f"{name}: {value}\n" for name, value in headers.items())
    return head.encode() + b"\n" + body


def read(data: bytes) -> Message:
    """Read what ``written`` gives, or the request as a proxy or ``nc -l`` shows it, with its first line and CRLF.

    Raises:
        NotAMessage: there is no empty line, or a line above it is no header.
    """
    found = re.search(rb"\r?\n\r?\n", data)
    if found is None:
        raise NotAMessage("there is no empty line between the headers and the body")
    lines = re.split(r"\r?\n", data[: found.start()].decode("utf-8", "replace"))
    if re.fullmatch(r"[A-Z]+ \S+ HTTP/[0-9.]+", lines[0]):
        lines = lines[1:]
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or re.fullmatch(r"[A-Za-z0-9-]+", name) is None:
            raise NotAMessage("a line above the first empty one is not a header, as in Name: value")
        headers.append((name, value.strip()))
    return Message(tuple(headers), data[found.end() :])


def fixtures(cases: Sequence[WebhookCase]) -> dict[str, bytes]:
    """Return each case as a file, by name, and an index of them; the same bytes whenever and wherever it is asked.

    They are signed with a secret that is known to all, so they may be kept in git and hold nothing of an environment.
    """
    files: dict[str, bytes] = {}
    index = []
    for case in cases:
        case = replace(case, receiver=_RECEIVER)  # noqa: PLW2901 -- the secret of the environment is not for a file
        body = body_of(case, FIXTURE_TIME)
        name = _free(_SLUG.sub("-", f"{case.address} {case.name}".lower()).strip("-")[:100], files)
        files[name] = written(headers_of(case, body, FIXTURE_TIME), body)
        index.append(
            {
                "file": name,
                "address": str(case.address),
                "event": str(case.event),
                "case": case.what,
                "expect": "2xx" if case.signing is Signing.VALID else "4xx",
            }
        )
    about = {"format_version": "1.0", "secret": FIXTURE_SECRET, "now": FIXTURE_TIME, "fixtures": index}
    return {**files, INDEX: orjson.dumps(about, option=orjson.OPT_INDENT_2) + b"\n"}


def _free(name: str, taken: Mapping[str, bytes]) -> str:
    number = next(n for n in range(1, len(taken) + 2) if f"{name}{'' if n == 1 else f'-{n}'}.http" not in taken)
    return f"{name}{'' if number == 1 else f'-{number}'}.http"
