"""``hmsplan emulator``."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from hmsplan.cli import embedded
from hmsplan.cli.embedded import NoEmulator
from hmsplan.cli.log import heard
from hmsplan.cli.parsing import Group
from hmsplan.cli.session import KEY, environment_of
from hmsplan.cli.terminal import err, out, report
from hmsplan.errors import HmsplanError
from hmsplan.output.webhooks import shown_url
from hmsplan.secrets.encodings import searched
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.cli.options import Globals


@click.group("emulator", cls=Group, invoke_without_command=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0 takes a free one.")
@click.option("--db", type=click.Path(path_type=Path), metavar="FILE", help="Keep everything in this file.")
@click.option("--faults", type=click.Path(path_type=Path, exists=True), metavar="FILE", help="What is to go wrong.")
@click.option(
    "--settings", type=click.Path(path_type=Path, exists=True), metavar="FILE", help="Stance on open questions."
)
@click.pass_context
def emulator_command(
    ctx: click.Context, port: int, db: Path | None, faults: Path | None, settings: Path | None
) -> None:
    """Run the API on this machine, until it is stopped. Any key that starts with fl_ has an organization of its own."""
    if ctx.invoked_subcommand is None:
        with heard(ctx.obj.verbosity):  # a group leaves that to the command in it
            _serve(ctx.obj, port, db, faults, settings)


def _serve(options: Globals, port: int, db: Path | None, faults: Path | None, settings: Path | None) -> None:
    try:
        from hmsplan.emulator import Emulator, Settings, read_faults, serve  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise NoEmulator(error) from error
    try:
        rules = read_faults(faults) if faults else ()
        stance = Settings.from_dict(orjson.loads(settings.read_bytes())) if settings else Settings()
    except (ValueError, OSError) as error:
        raise HmsplanError(plain(str(error)), summary="Cannot start the emulator") from error
    try:
        emulator = Emulator(db or ":memory:", stance, rules)
    except sqlite3.Error as error:
        raise HmsplanError(
            f"It cannot keep its data in {plain(str(db))}: {plain(str(error))}. Name a file in a folder that you may "
            "write to with --db; without it, nothing is kept",
            summary="Cannot start the emulator",
        ) from error

    key = embedded.KEY if db is not None and embedded.is_embedded(db) else "fl_test"

    def started(url: str) -> None:
        if options.json:
            report(f'{{"url":"{url}"}}')
        else:
            report(f"The emulator listens. In another shell:\n\n  export HMS_SOVEREIGN_BASE_URL={url}")
            report(f"  export HMS_SOVEREIGN_API_KEY={key}\n")

    try:
        serve(emulator, port=port, on_start=started)
    except OSError as error:
        raise HmsplanError(
            f"port {port}: {error.strerror}. Choose another: --port 0", summary="Cannot listen"
        ) from error
    finally:
        emulator.close()
    err("The emulator has stopped.")


@emulator_command.command("call")
@click.argument("number")
@click.option(
    "--script", type=click.Path(path_type=Path), metavar="FILE", help="Who says what, and which tools are called."
)
@click.option("--db", type=click.Path(path_type=Path, exists=True), metavar="FILE", help="Of another emulator.")
@click.option(
    "--settings", type=click.Path(path_type=Path, exists=True), metavar="FILE", help="Stance on open questions."
)
@click.pass_context
def call_command(ctx: click.Context, number: str, script: Path | None, db: Path | None, settings: Path | None) -> int:
    """Call NUMBER of the emulator, and hold the conversation of a script: nothing rings.

    The emulator is the one that `hmsplan --emulator apply` fills, or that of --db. Services on this machine get the
    signed events of the whole call: assistant-request, status-update, tool-calls, end-of-call-report. Nothing is sent
    to another host. Exits 1 when an event was not answered as it should be.
    """
    try:
        from hmsplan.emulator import Script, hold  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise NoEmulator(error) from error
    try:
        options, before = ctx.obj, ctx.parent.params if ctx.parent is not None else {}
        said = Script.parse(script.read_text("utf-8")) if script else Script()
        emulator, key = _opened(options, db or before.get("db"), settings or before.get("settings"))
        with emulator:
            call = hold(emulator, number, said, key=key)
    except LookupError as error:
        raise HmsplanError(f"{plain(str(error.args[0]))}.", summary="Cannot call") from error
    except (ValueError, OSError) as error:
        lines = "\n".join(f"  {plain(line)}" for line in str(error).splitlines())
        raise HmsplanError(f"The script or the settings cannot be used:\n{lines}", summary="Cannot call") from error
    bad = [line.sent for line in call.lines if line.sent is not None and line.sent.problem]
    told = orjson.dumps(_as_json(call)).decode() if options.json else "\n".join(_transcript(call))
    for secret in call.secrets:
        told = searched(secret).sub("(sensitive value)", told)
    out(told)
    return 1 if bad else 0


def _opened(options: Globals, db: Path | None, settings: Path | None) -> tuple[Any, str | None]:
    """Return an emulator and the key of the organization that is meant."""
    from hmsplan.emulator import Emulator, Settings  # noqa: PLC0415 -- an extra

    stance = Settings.from_dict(orjson.loads(settings.read_bytes())) if settings else Settings()
    if db is not None:
        return Emulator(db, stance), os.environ.get(KEY) or None
    file = embedded.database(options.directory, environment_of(options))
    if not file.is_file():
        raise HmsplanError(
            f"There is no emulator of this environment yet. Fill one:\n  {options.command('--emulator', 'apply')}",
            summary="Cannot call",
        )
    return Emulator(file, stance), embedded.KEY


_VOICES = {"caller": "caller    ", "assistant": "assistant ", "tool": "tool      ", "status": "          "}


def _transcript(call: Any) -> Iterator[str]:
    """Yield what was said and sent, in order."""
    for line in call.lines:
        sent = line.sent
        if sent is None:
            yield f"{_VOICES[line.who]}{plain(line.text)}"
            continue
        where = f" to {shown_url(sent.url)}" if sent.url else ""
        came = sent.problem or f"answered {sent.status}"
        yield f"        -> {plain(line.text)}{where}: {plain(came)}"
        if sent.answer is not None:
            yield f"           {plain(orjson.dumps(sent.answer).decode())}"


def _as_json(call: Any) -> dict[str, Any]:
    lines = [
        {"who": line.who, "text": line.text}
        | (
            {}
            if line.sent is None
            else {
                "url": shown_url(line.sent.url),
                "status": line.sent.status,
                "answer": line.sent.answer,
                "problem": line.sent.problem,
            }
        )
        for line in call.lines
    ]
    names = ("id", "status", "end_reason", "duration_seconds", "messages", "analysis_result")
    return {"format_version": "1.0", "call": {name: call.call[name] for name in names}, "lines": lines}
