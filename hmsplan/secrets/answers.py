"""What the sources of secrets answer. Each is asked once, for what is needed and nothing before it gave."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic, SourceLine
from hmsplan.secrets.detect import HIDDEN, hidden
from hmsplan.secrets.encodings import searched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.secrets.source import Sink, Source

PREFIX: Final = "HMSPLAN_SECRET_"
FINGERPRINT_KEY: Final = "HMSPLAN_FINGERPRINT_KEY"
TIMEOUT_S: Final = 120
_OURS: Final = ("HMSPLAN_", "HMS_")
_WITHHELD: Final = (PREFIX, FINGERPRINT_KEY, "HMS_SOVEREIGN_API_KEY")
_NOT_FOUND: Final = 127  # of a shell
_MOST_SAID: Final = 10  # lines


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source has; ``source`` is what messages call it."""

    source: str
    values: Mapping[str, str]

    def key_of(self, name: str) -> str | None:
        """Return the key under which the secret *name* is; an empty value counts as none."""
        return next((key for key in keys_of(name) if self.values.get(key)), None)


def variable_suffix(name: str) -> str:
    """Return how an environment variable spells *name*: upper case, ``-`` as ``_``."""
    return name.upper().replace("-", "_")


def variable_of(name: str) -> str:
    """Return the environment variable that holds the secret *name*."""
    return PREFIX + variable_suffix(name)


def keys_of(name: str) -> tuple[str, ...]:
    """Return the keys of a file that may hold the secret *name*; hmsplan's own settings are out of reach."""
    suffix = variable_suffix(name)
    bare = () if suffix.startswith(_OURS) else (suffix, name)
    return (variable_of(name), *bare)


def ask(
    sources: Sequence[Source], names: Sequence[str], environ: Mapping[str, str], timeout_s: float = TIMEOUT_S
) -> tuple[list[Answer], list[Diagnostic]]:
    """Ask each source for those of *names* that neither the environment nor a source before it gives.

    Returns:
        What they have, in the same order, and what went wrong: a source that fails stops no other one.
    """
    answers: list[Answer] = []
    problems: list[Diagnostic] = []
    for source in sources:
        wanted = [name for name in names if not _is_given(name, environ, answers)]
        lacks_key = bool(names) and not any(FINGERPRINT_KEY in values for values in _all(environ, answers))
        if source.is_program and not wanted and not (source.scheme == "sops" and lacks_key):
            continue
        try:
            answers.append(Answer(str(source), _read(source, wanted, _shy(environ, answers), timeout_s)))
        except ConfigError as error:
            problems += error.diagnostics
    return answers, problems


def _is_given(name: str, environ: Mapping[str, str], answers: Iterable[Answer]) -> bool:
    return bool(environ.get(variable_of(name))) or any(answer.key_of(name) for answer in answers)


def _all(environ: Mapping[str, str], answers: Iterable[Answer]) -> Iterator[Mapping[str, str]]:
    yield environ
    yield from (answer.values for answer in answers)


def _shy(environ: Mapping[str, str], answers: Iterable[Answer]) -> list[str]:
    """Return the values that no message may show."""
    told = [value for answer in answers for value in answer.values.values()]
    return [*told, *(value for name, value in environ.items() if name.startswith(_WITHHELD))]


def _read(source: Source, names: Sequence[str], shy: list[str], timeout_s: float) -> Mapping[str, str]:
    if source.scheme == "dotenv":
        return _of_file(Path(source.place))
    if source.scheme == "exec":
        found = _object(source, run(source, source.place, json.dumps(names), shy, timeout_s))
        return {variable_of(name): text for name, text in _texts_of(source, found, {name: (name,) for name in names})}
    if shutil.which("sops") is None:
        raise _failure("Program not found", f"{source} needs the program sops, and there is none on PATH. Install it.")
    place = os.path.join(".", source.place) if source.place.startswith("-") else source.place  # noqa: PTH118 -- Path drops ./
    found = _object(source, run(source, ["sops", "--decrypt", "--output-type", "json", place], "", shy, timeout_s))
    _texts_of(source, found, {name: keys_of(name) for name in names})
    return {key: text for key, text in found.items() if isinstance(text, str)}


def _texts_of(source: Source, found: Mapping[str, Any], keys: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Return each name whose secret is there, with its text; null counts as none.

    Raises:
        ConfigError: something else than texts, which is not shown; all of it at once.
    """
    there = {name: next((key for key in of if found.get(key) is not None), None) for name, of in keys.items()}
    named = [(name, key) for name, key in there.items() if key is not None]
    if wrong := [key for _, key in named if not isinstance(found[key], str)]:
        detail = "of {} is not a text, and a secret is one. Store it in quotes."
        raise ConfigError([Diagnostic("Secret that is not a text", f"{key} {detail.format(source)}") for key in wrong])
    return [(name, found[key]) for name, key in named]


# Files


def _of_file(path: Path) -> dict[str, str]:
    """Read a dotenv file, which may stand anywhere: the command line names it, not the stack."""
    try:
        return read_secrets_file(path.read_text(encoding="utf-8-sig"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise _failure("Unreadable file", f"The secrets file {path} cannot be read: {reason}.") from None


def read_secrets_file(text: str, file: str) -> dict[str, str]:
    """Read a dotenv file. Values are taken as they are: ``$NAME`` in one is not expanded.

    Raises:
        ConfigError: a line is none of ``NAME=value``; the message does not show it.
    """
    from dotenv.parser import parse_stream  # noqa: PLC0415 -- most runs have no such file

    values: dict[str, str] = {}
    problems = []
    for binding in parse_stream(io.StringIO(text)):
        source = SourceLine(file, binding.original.line)
        if binding.error:
            problems.append(Diagnostic("Unreadable line", "A line of the secrets file is NAME=value.", source))
        elif binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
    if problems:
        raise ConfigError(problems)
    return values


# Programs


def run(
    source: Source | Sink,
    command: str | list[str],
    given: str,
    shy: list[str],
    timeout_s: float,
    loss: str = "so its secrets are not known",
) -> bytes:
    """Return what a program writes to stdout; *given* is its stdin, and it gets neither our key nor other secrets.

    A command is one of a shell, as it was typed. It stays in our process group, so that it may ask at the terminal.

    Raises:
        ConfigError: it failed, and what that means is *loss*; none of *shy* is in it.
    """
    failed = f"Secret {source.role} failed"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_WITHHELD)}
    try:
        process = subprocess.Popen(  # noqa: S603 -- the person who runs hmsplan typed it
            command,
            shell=isinstance(command, str),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
        )
    except OSError as error:
        raise _failure(failed, f"{source} cannot be started: {error.strerror}.") from None
    with process:
        try:
            answer, said = process.communicate(given.encode(), timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            detail = f"{source} has not answered within {timeout_s:g} s, and was stopped. Does it wait for an input?"
            raise _failure(f"Secret {source.role} timed out", detail) from None
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise _failed(source, process.returncode, _said(said, [*shy, *_texts(answer)]), loss)
    return answer


def _failed(source: Source | Sink, code: int, said: str, loss: str) -> ConfigError:
    if code == _NOT_FOUND and source.scheme == "exec":
        detail = f"{source} names a program that is not installed, or not on PATH."
        return _failure("Program not found", detail + said)
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return _failure(f"Secret {source.role} failed", f"{source} {how}, {loss}.{said}")


def _said(stderr: bytes, shy: Iterable[str]) -> str:
    """Return what a program said in the end, without any secret that is known."""
    text = hidden(stderr.decode("utf-8", "replace"))
    for value in shy:
        if value.strip():
            text = searched(value).sub(HIDDEN, text)
    lines = [line for line in text.splitlines() if line.strip()][-_MOST_SAID:]
    return "".join(["\nIt said:", *(f"\n  | {line}" for line in lines)]) if lines else " It did not say why."


def _texts(answer: bytes) -> list[str]:
    """Return the texts of an answer that is not used, so that they can be hidden."""
    try:
        found = json.loads(answer)
    except ValueError:
        return []
    return [text for text in found.values() if isinstance(text, str)] if isinstance(found, dict) else []


def _object(source: Source, answer: bytes) -> dict[str, Any]:
    """Read a JSON object; what is wrong with it is told without a piece of it."""
    try:
        found = json.loads(answer)
    except UnicodeDecodeError:
        why = "is not UTF-8"
    except json.JSONDecodeError as error:
        why = "is empty" if not answer.strip() else f"is not JSON (line {error.lineno}, column {error.colno})"
    else:
        if isinstance(found, dict):
            return found
        why = f"is a JSON {'list' if isinstance(found, list) else 'value'}"
    detail = f'What {source} answers {why}; it has to be a JSON object of texts, such as {{"webhook": "…"}}.'
    raise _failure("Unreadable answer", detail)


def _failure(summary: str, detail: str) -> ConfigError:
    return ConfigError([Diagnostic(summary, detail)])
