"""A coding agent: the client of MCP's own SDK, and ``hmsplan mcp`` in a process of its own behind a pipe."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mcp_types import InitializeResult, Tool

MAIN = "from hmsplan.cli import main; main()"
TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool answered.

    Attributes:
        texts: its blocks.
        data: the structured result.
        said: all of it, as it came.
    """

    texts: list[str]
    data: dict[str, Any]
    is_error: bool
    said: str

    @property
    def text(self) -> str:
        return self.texts[-1]


@dataclass(frozen=True, slots=True)
class Visit:
    """One run of the server: what it said of itself, what it answered, and its stderr."""

    server: InitializeResult
    tools: dict[str, Tool]
    answers: list[Answer]
    stderr: str


def ask(root: Path, *calls: tuple[str, Mapping[str, Any]], options: Iterable[str] = (), **env: str) -> Visit:
    """Start the server for a stack, call tools one after the other, and close it."""
    return asyncio.run(asyncio.wait_for(_ask(root, calls, [*options], env), TIMEOUT_S))


async def _ask(
    root: Path, calls: Iterable[tuple[str, Mapping[str, Any]]], options: list[str], env: dict[str, str]
) -> Visit:
    passed = {name: os.environ[name] for name in ("HOME", "PATH", "COVERAGE_PROCESS_START") if name in os.environ}
    server = StdioServerParameters(
        command=sys.executable, args=["-W", "error", "-c", MAIN, "-C", str(root), *options, "mcp"], env=passed | env
    )
    with tempfile.TemporaryFile("w+", encoding="utf-8") as stderr:
        async with stdio_client(server, stderr) as (read, write), ClientSession(read, write) as session:
            hello = await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            answers = []
            for name, arguments in calls:
                result = await session.call_tool(name, dict(arguments))
                texts = [block.text for block in result.content if block.type == "text"]
                said = result.model_dump_json()
                answers.append(Answer(texts, result.structured_content or {}, bool(result.is_error), said))
        stderr.seek(0)
        return Visit(hello, tools, answers, stderr.read())
