"""``hmsplan mcp``: the tools of ``mcp_tools`` over stdio, for coding agents."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from typing import TYPE_CHECKING, Any

import click

from hmsplan import __version__
from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import err
from hmsplan.errors import HmsplanError

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

    from hmsplan.cli.mcp_tools import Result
    from hmsplan.cli.options import Globals


class NoMcp(HmsplanError):
    """What speaks the protocol is not installed."""

    summary = "Not installed"

    def __init__(self, missing: ImportError) -> None:
        super().__init__(f"{missing.name} is missing. Type: pip install 'hmsplan[mcp]'")


@click.command("mcp", cls=Command)
@click.pass_obj
def mcp_command(options: Globals) -> None:
    """Serve coding agents: the Model Context Protocol on stdin and stdout, read-only.

    An agent can validate, plan, look for drift and read what it needs to know. It cannot apply, allow a risk, write a
    file or leave the folder of the stack.

    Needs the extra: pip install 'hmsplan[mcp]'
    """
    try:
        import mcp.server.lowlevel  # noqa: PLC0415 -- an extra, and slow to import
        import mcp.server.stdio  # noqa: F401, PLC0415
    except ImportError as error:
        raise NoMcp(error) from error
    gc.enable()  # this command is not short
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries log is never shown, as in every command
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a read of stdin cannot be cancelled; there is nothing to finish
    err("Serving coding agents on stdin and stdout, read-only. To end: Ctrl-C, or close stdin.")
    asyncio.run(_serve(options))


async def _serve(options: Globals) -> None:
    """Answer until stdin ends."""
    from mcp.server.stdio import stdio_server  # noqa: PLC0415 -- see above

    async with stdio_server() as (read, write):
        made = server(options)
        await made.run(read, write, made.create_initialization_options())


def server(options: Globals) -> Server[Any]:
    """Return what answers. One call at a time: the filter of secrets belongs to the call that read them."""
    import mcp_types as types  # noqa: PLC0415 -- see above
    from anyio import CapacityLimiter, to_thread  # noqa: PLC0415
    from mcp.server.lowlevel import Server  # noqa: PLC0415

    from hmsplan.cli.mcp_tools import INSTRUCTIONS, TOOLS, call, input_schema, output_schema  # noqa: PLC0415

    one_at_a_time = CapacityLimiter(1)
    listed = [
        types.Tool(
            name=tool.name,
            description=tool.does,
            input_schema=input_schema(tool),
            output_schema=output_schema(),
            annotations=types.ToolAnnotations(
                read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=tool.is_live
            ),
        )
        for tool in TOOLS.values()
    ]

    async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=listed)

    async def call_tool(_context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        arguments = params.arguments or {}
        result: Result = await to_thread.run_sync(call, options, params.name, arguments, limiter=one_at_a_time)
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=text) for text in result.texts],
            structured_content=result.data,
            is_error=result.is_error,
        )

    return Server(
        "hmsplan", version=__version__, instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool
    )
