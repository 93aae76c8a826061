"""``hmsplan catalog …``: what is known of providers, and where calls go."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click
import orjson

from hmsplan.api.client import ReadClient
from hmsplan.catalog import catalog
from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command, Group
from hmsplan.cli.session import connect, load, wait_for
from hmsplan.cli.terminal import out, width, wrapped
from hmsplan.config.confined import STACK_FILE
from hmsplan.errors import HmsplanError
from hmsplan.model import Address, dotted
from hmsplan.operations.catalog import compare, residency
from hmsplan.output.catalog import TITLES, catalog_json, catalog_text, guess, names, provider_text
from hmsplan.output.residency import residency_json, residency_markdown, residency_text
from hmsplan.text import wording
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.operations.catalog import Comparison


class NoSuchResource(HmsplanError):
    """The stack has no assistant or workflow of that address."""

    summary = "Unknown assistant or workflow"


@click.group("catalog", cls=Group)
def catalog_command() -> None:
    """Show what is known of providers: models, voices, keys, regions; and where the calls of this stack go."""


def _known(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and value not in names(catalog()):
        raise click.BadParameter(f"there is no provider {value!r}.{guess(value, catalog())}", ctx, param)
    return value


@catalog_command.command("show", cls=Command)
@click.argument("provider", metavar="[PROVIDER]", required=False, callback=_known)
@click.option("--live", is_flag=True, help="Compare with what the platform offers now: two requests.")
@format_option(("text", "json"))
@click.pass_obj
def show_command(options: Globals, provider: str | None, live: bool, form: str) -> int:
    """Show the catalog that hmsplan checks against: dated, with the source of each entry. Offline.

    With --live it is compared with what the platform offers now, and the platform's own local voices that the stack
    names are looked up. Reads only.
    """
    today = _today()
    compared = _compare(options) if live else None
    if options.json or form == "json":
        body = catalog_json(catalog(), today, provider)
        out(orjson.dumps(body if compared is None else body | {"live": _as_json(compared)}).decode())
    elif compared is not None:
        out("\n".join(line if line.startswith(" ") else wrapped(line) for line in _compared(compared)))
    elif provider is not None:
        out(provider_text(catalog(), provider, width()))
    else:
        out(catalog_text(catalog(), today, width()))
    return 0


@catalog_command.command("residency", cls=Command)
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@format_option(("text", "markdown", "json"))
@click.pass_obj
def residency_command(options: Globals, addresses: tuple[str, ...], form: str) -> int:
    """Show every place to which audio or text of calls leaves: whose it is, and whether it is in the EEA. Offline.

    Speech recognition, models and voices, tools, MCP servers, webhooks, mail, transfers and trunks, for each assistant
    and workflow, or those of the ADDRESSes. What is not known is said so, and never guessed.
    """
    found = residency(load(options), _today())
    if addresses:
        wanted = [_wanted(each, found) for each in addresses]
        found = {address: found[address] for address in wanted}
    if options.json or form == "json":
        out(orjson.dumps(residency_json(found)).decode())
    elif form == "markdown":
        out(residency_markdown(found))
    else:
        out(residency_text(found, width()))
    return 0


def _today() -> date:
    return date.today()  # noqa: DTZ011 -- the day of the person who reads it


def _wanted(text: str, found: Mapping[Address, object]) -> Address:
    known = {str(address): address for address in found}
    if text not in known:
        hint = wording.did_you_mean(text, known) or f" There are: {wording.listed(known)}."
        raise NoSuchResource(f"No assistant or workflow has the address {plain(text)}.{hint if known else ''}")
    return known[text]


def _compare(options: Globals) -> Comparison:
    """Ask the platform; where this is the folder of a stack, also for the voices that it names."""
    stack = load(options) if (options.directory / STACK_FILE).is_file() else None

    async def ask() -> Comparison:
        async with connect(options, ReadClient) as client:
            return await compare(client, stack)

    return wait_for(ask())


def _compared(found: Comparison) -> Iterator[str]:
    if not found.told:
        yield "The platform does not say which providers and models it has."
    elif not found.new and not found.gone:
        yield f"The catalog of {catalog().checked} has the providers and models that the platform has."
    for title, models in (
        ("The platform has, and the catalog has not", found.new),
        ("The other way round", found.gone),
    ):
        if models:
            yield f"{title}:"
            yield from _listed(models)
    languages = {voice.partition("-")[0] for voice in found.voices}
    counted = wording.count(len(found.voices), "local voice"), wording.count(len(languages), "language")
    yield f"The platform has {' in '.join(counted)}."
    for address, path, voice in found.missing:
        near = wording.did_you_mean(voice, found.voices)
        yield f"It has no voice {plain(voice)}, which {address} names in {dotted(path)}.{plain(near)}"


def _listed(models: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[str]:
    for (block, provider), found in models.items():
        yield f"  {TITLES[block]}: {plain(provider)}{': ' if found else ''}{plain(', '.join(found))}"


def _as_json(found: Comparison) -> dict[str, Any]:
    def models(by_provider: Mapping[tuple[str, str], Sequence[str]]) -> list[dict[str, Any]]:
        return [{"block": b, "provider": p, "models": list(found)} for (b, p), found in by_provider.items()]

    return {
        "told": found.told,
        "new": models(found.new),
        "gone": models(found.gone),
        "voices": list(found.voices),
        "missing_voices": [
            {"address": str(address), "field": dotted(path), "voice": voice} for address, path, voice in found.missing
        ],
    }
