"""What a shell may complete a line with: commands, options, environments, addresses, risks and files. Never an error.

A shell asks at each TAB, so nothing heavy is imported: commands and options come from ``words.json``, which is written
from them by ``make docs``, and the stack is only leafed through: a file that is being edited offers what can be read.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

VARIABLE: Final = "_HMSPLAN_COMPLETE"
LINE: Final = "_HMSPLAN_LINE"
"""The line up to the cursor, from bash."""
WORDS: Final = "_HMSPLAN_WORDS"
"""The words up to the cursor, one a line, the last of them perhaps empty; of other shells. Fish ends each line."""
_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_MOST_BYTES: Final = 2**20
_MOST_S: Final = 1.0
_BREAKS: Final = ":="
"""Bash replaces only what stands behind one of these."""


class Offer(NamedTuple):
    """One way to go on; *text* replaces the whole last word."""

    text: str
    help: str = ""


class Line(NamedTuple):
    """What stands before the cursor.

    Attributes:
        command: of ``words.json``, the innermost that is named.
        known: the options that it takes.
        options: value of each option that was given one, the last one counts.
        arguments: how many arguments of the command stand there already.
        pending: the option whose value is typed now; None = none.
        is_over: ``--`` was typed, so no option follows.
    """

    command: Mapping[str, Any]
    known: Mapping[str, Any]
    options: Mapping[str, str]
    arguments: int
    pending: str | None
    is_over: bool


def main() -> None:
    """Print what the shell asks for, and nothing else whatever happens."""
    try:
        shell, words = os.environ[VARIABLE], typed()
        found = [offer for offer in offers(words) if offer.text.isprintable()]
        cut = _bash_keeps(words[-1]) if shell == "bash" else 0
        lines = [offer.text[cut:] if shell == "bash" else f"{offer.text}\t{offer.help}" for offer in found]
        os.write(1, "".join(f"{line}\n" for line in lines).encode())  # to the shell; cli.terminal would load click
    except Exception:  # noqa: BLE001, S110 -- a message would stand in the middle of the line that is typed
        pass
    os._exit(0)


def typed() -> list[str]:
    """Return the words of the line behind ``hmsplan``, the last of them being typed."""
    if LINE not in os.environ:
        given = os.environ[WORDS].split("\n")
        return [_unquoted(word) for word in (given[1:-1] if os.environ[VARIABLE] == "fish" else given[1:])] or [""]
    line = os.environ[LINE]
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    try:
        words += iter(lexer)
    except ValueError:  # a quote is still open
        words = line.replace("'", "").replace('"', "").split()
    return [*words[1:], *([""] if line[-1:].isspace() or len(words) < 2 else [])]  # noqa: PLR2004 -- it and one word


def _unquoted(word: str) -> str:
    try:
        return "".join(shlex.split(word)) if word else ""
    except ValueError:
        return word.replace("'", "").replace('"', "")


def _bash_keeps(word: str) -> int:
    breaks = os.environ.get("COMP_WORDBREAKS", _BREAKS)
    return max((word.rfind(each) + 1 for each in _BREAKS if each in breaks), default=0)


def offers(words: Sequence[str]) -> list[Offer]:
    """Return every way to go on with the last of *words*."""
    shape = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
    *before, word = words
    line = _read(shape, before)
    name, equals, value = word.partition("=")
    if line.pending is not None:
        return _values(shape, line, line.known[line.pending]["takes"], word)
    if equals and not line.is_over and name in line.known:
        found = _values(shape, line, line.known[name]["takes"], value)
        return [Offer(f"{name}={offer.text}", offer.help) for offer in found]
    if word.startswith("-") and not line.is_over:
        return [Offer(n, o["help"]) for n, o in sorted(line.known.items()) if n.startswith(word) and n[1:2] == "-"]
    if "commands" in line.command:
        return [Offer(n, c["help"]) for n, c in line.command["commands"].items() if n.startswith(word)]
    kinds = line.command["arguments"]
    return _values(shape, line, kinds[min(line.arguments, len(kinds) - 1)], word) if kinds else []


def _read(shape: Mapping[str, Any], words: Sequence[str]) -> Line:
    command, known, options = shape, shape["options"], dict[str, str]()
    arguments, pending, is_over = 0, None, False
    for word in words:
        name, equals, value = word.partition("=")
        if pending is not None:
            options[pending], pending = word, None
        elif word == "--":
            is_over = True
        elif not is_over and (option := known.get(name if equals else word)) is not None:
            if equals:
                options[name] = value
            elif option["takes"] is not None:
                pending = word
        elif word in command.get("commands", {}):
            command = command["commands"][word]
            known = {**shape["options"], **command["options"]}
        elif not word.startswith("-") or is_over:
            arguments += 1
    return Line(command, known, options, arguments, pending, is_over)


def _values(shape: Mapping[str, Any], line: Line, takes: Any, word: str) -> list[Offer]:
    if isinstance(takes, list):
        return [Offer(choice) for choice in takes if choice.startswith(word)]
    source = _SOURCES.get(takes)
    return [offer for offer in source(shape, line, word) if offer.text.startswith(word)] if source else []


def _root(line: Line) -> Path:
    return Path(line.options.get("-C", "."))


def _environments(_shape: Mapping[str, Any], line: Line, _word: str) -> Iterator[Offer]:
    for file in sorted((_root(line) / "environments").glob("*.y*ml")):
        yield Offer(file.stem)


def _addresses(shape: Mapping[str, Any], line: Line, _word: str) -> Iterator[Offer]:
    """Yield what is declared, and what a state in a folder binds."""
    yield from map(Offer, sorted({*_declared(_root(line), shape["kinds"]), *_bound(line)}))


def _risks(shape: Mapping[str, Any], line: Line, word: str) -> Iterator[Offer]:
    risk, colon, address = word.partition(":")
    if not colon:
        yield from (Offer(f"{each}:") for each in shape["risks"])
    elif risk in shape["risks"]:
        yield from (Offer(f"{risk}:{each.text}") for each in _addresses(shape, line, address))


def _declared(root: Path, kinds: Sequence[str]) -> Iterator[str]:
    import yaml  # noqa: PLC0415 -- only for addresses

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    until = time.monotonic() + _MOST_S
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files):
            path = Path(folder, file)
            if not file.endswith((".yaml", ".yml")) or path.stat().st_size > _MOST_BYTES or time.monotonic() > until:
                continue
            try:
                node = yaml.compose(path.read_text("utf-8-sig"), loader)
            except (yaml.YAMLError, OSError, ValueError):
                continue
            for kind, block in node.value if isinstance(node, yaml.MappingNode) else ():
                if kind.value in kinds and isinstance(block, yaml.MappingNode):
                    yield from (f"{kind.value}.{key.value}" for key, _ in block.value if _KEY.fullmatch(str(key.value)))


def _bound(line: Line) -> Iterator[str]:
    environment = line.options.get("-e", line.options.get("--env", os.environ.get("HMSPLAN_ENV", "default")))
    for folder in (".hmsplan", ".hmsplan/emulator"):
        file = _root(line) / folder / environment / "state.json"
        if file.is_file():
            yield from json.loads(file.read_text("utf-8")).get("bindings", {})


def _plans(shape: Mapping[str, Any], line: Line, word: str) -> Iterator[Offer]:
    """Yield files whose first bytes are those of a saved plan, and all folders; every file where there is none."""
    return _files_that(shape, line, word, lambda head: b'"hmsplan"' in head or b'"format_version"' in head)


def _snapshots(shape: Mapping[str, Any], line: Line, word: str) -> Iterator[Offer]:
    return _files_that(shape, line, word, lambda head: head.lstrip()[:1] == b"{")


def _files_that(shape: Mapping[str, Any], line: Line, word: str, fits: Callable[[bytes], bool]) -> Iterator[Offer]:
    every = list(_files(shape, line, word))
    fitting = [offer for offer in every if offer.text.endswith("/") or fits(_head(offer.text))]
    yield from fitting if any(not offer.text.endswith("/") for offer in fitting) else every


def _head(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            return opened.read(4096)
    except OSError:
        return b""


def _files(_shape: Mapping[str, Any], _line: Line, word: str) -> Iterator[Offer]:
    folder = word[: word.rfind("/") + 1]
    for entry in sorted(os.scandir(folder or "."), key=lambda entry: entry.name):
        if not entry.name.startswith(".") or word[len(folder) :].startswith("."):
            yield Offer(folder + entry.name + ("/" if entry.is_dir() else ""))


def _folders(shape: Mapping[str, Any], line: Line, word: str) -> Iterator[Offer]:
    return (offer for offer in _files(shape, line, word) if offer.text.endswith("/"))


def _commands(shape: Mapping[str, Any], _line: Line, _word: str) -> Iterator[Offer]:
    yield from (Offer(name, command["help"]) for name, command in shape["commands"].items())


_SOURCES: Final[Mapping[str, Callable[[Mapping[str, Any], Line, str], Iterator[Offer]]]] = {
    "environment": _environments,
    "address": _addresses,
    "risk": _risks,
    "plan": _plans,
    "snapshot": _snapshots,
    "file": _files,
    "folder": _folders,
    "command": _commands,
}
