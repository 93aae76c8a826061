"""``hmsplan snapshot``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from hmsplan.cli.parsing import Command
from hmsplan.cli.plan import new_file, refuse_resource_file, write_private
from hmsplan.cli.session import open_workspace, wait_for
from hmsplan.cli.terminal import err, report
from hmsplan.formats.snapshot_file import mark_of, snapshot_to_bytes
from hmsplan.operations.snapshot import snapshot
from hmsplan.text.escape import plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals


@click.command("snapshot", cls=Command)
@click.option(
    "-o", "--out", "file", type=click.Path(path_type=Path), callback=new_file, required=True, metavar="FILE",
    help="Where to save it.",
)  # fmt: skip
@click.pass_obj
def snapshot_command(options: Globals, file: Path) -> None:
    """Save a snapshot of the live organization and of the state, for plans where there is no key. Reads only.

    No secret is in it, and no lead: people are counted, and recognised by digests. All other texts are.
    """
    refuse_resource_file(options, file)
    workspace = open_workspace(options)
    saved = wait_for(snapshot(workspace))
    write_private(file, snapshot_to_bytes(saved))
    objects = sum(map(len, saved.live.objects.values()))
    marks = [mark_of(lead).fingerprint for found in saved.live.members.values() for lead in found]
    strangers = marks.count("")
    if options.json:
        body = {"file": str(file), "objects": objects, "leads": len(marks), "unknown_leads": strangers}
        report(orjson.dumps({"format_version": "1.0", **body}).decode())
        return
    more = (
        f", and counted {count(strangers, 'lead')} that {'was' if strangers == 1 else 'were'} added outside hmsplan"
        if strangers
        else ""
    )
    name = plain(str(file))
    err(f"Saved {count(objects, 'object')} and the digests of {count(len(marks) - strangers, 'lead')} to {name}{more}.")
    keyless = replace(
        options, emulator=False, secrets=[], secrets_file=None, state=None, allow_host=None, ca_bundle=None
    )
    err(f"To plan against it, without a key:\n  {keyless.command('plan', '--against', str(file))}")
