"""``--member NAME``: a command for one stack is aimed at that of a member of a fleet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from hmsplan.cli.fleet_run import NoMember, refuse_emulator
from hmsplan.cli.options import FleetOptions
from hmsplan.config.load import load_settings
from hmsplan.fleet.load import load_fleet
from hmsplan.fleet.worker import layer_of, member_state
from hmsplan.state.backend import refuse_lent_password
from hmsplan.text.escape import plain
from hmsplan.text.wording import did_you_mean

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals


def aim_at_member(ctx: click.Context, options: Globals, name: str) -> None:
    """Let *options* name the stack, environment, state, key, variables and overrides of a member.

    Raises:
        ConfigError: every problem of the fleet file.
        NoMember: it has no such member.
        UsageError: the command is one of a whole fleet.
    """
    if ctx.parent is not None and ctx.parent.info_name == "fleet":
        raise click.UsageError("--member in front of fleet names one member. Write it behind the command.", ctx)
    refuse_emulator(options)
    fleet = load_fleet(options.directory)
    member = next((each for each in fleet.members if each.name == name), None)
    if member is None:
        guess = did_you_mean(name, [each.name for each in fleet.members])
        raise NoMember(f"{plain(name)} is not a member of {fleet.file}.{guess}")
    options.fleet = FleetOptions(options.directory, options.environment, options.state)
    options.directory /= member.stack
    options.environment = member.environment or options.environment
    url = options.state or load_settings(options.directory).state
    if not options.state:
        refuse_lent_password(url, os.environ)
    options.state = member_state(url, member.name)
    options.layer, options.key = layer_of(member), member.key
