"""A small client of yaml-language-server, over LSP on its standard streams: what an editor shows for a YAML file."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

_SETTINGS: Final = {
    "yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False, "url": ""}},
    "[yaml]": {},
    "editor": {},
    "files": {},
    "http": {"proxy": "http://127.0.0.1:9", "proxyStrictSSL": True},  # what is fetched is not found
}
_CAPABILITIES: Final = {
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
        "publishDiagnostics": {},
    },
    "workspace": {"configuration": True},
}


class LanguageServer:
    """A running server, asked one question at a time; the files are those on the disk, or a text in their place."""

    def __init__(self, script: Path, root: Path) -> None:
        self._process = subprocess.Popen(
            ["node", script, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in: IO[bytes] = self._process.stdin
        self._out: IO[bytes] = self._process.stdout
        self._last = self._opened = 0
        self._published: dict[str, list[Any]] = {}
        folder = {"uri": root.as_uri(), "name": root.name}
        setup = {"processId": None, "rootUri": root.as_uri(), "workspaceFolders": [folder]}
        self._ask("initialize", {**setup, "capabilities": _CAPABILITIES})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": _SETTINGS}})

    def problems(self, file: Path, text: str | None = None) -> list[str]:
        """Return what is marked in a file, as ``line: message``."""
        uri = self._open(file, text)
        while uri not in self._published:
            self._take(self._read())
        return [f"{each['range']['start']['line'] + 1}: {each['message']}" for each in self._published[uri]]

    def offers(self, file: Path, marked: str) -> list[Any]:
        """Return what is offered at the ``|`` of *marked*, the text of *file* while somebody types."""
        found = self._at("textDocument/completion", file, marked)
        items: list[Any] = found["items"] if isinstance(found, dict) else found
        return items

    def hover(self, file: Path, marked: str) -> str:
        """Return what is shown under the mouse at the ``|`` of *marked*."""
        found = self._at("textDocument/hover", file, marked)
        return "" if found is None else str(found["contents"]["value"])

    def close(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.wait()
        self._in.close()
        self._out.close()

    def _at(self, method: str, file: Path, marked: str) -> Any:
        before, _, after = marked.partition("|")
        uri = self._open(file, before + after)
        position = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        return self._ask(method, {"textDocument": {"uri": uri}, "position": position})

    def _open(self, file: Path, text: str | None) -> str:
        """Open a text under a name that was not open before, beside *file*: what is said of it is of this text."""
        self._opened += 1
        uri = file.with_name(f"{self._opened}-{file.name}").as_uri()
        text = file.read_text("utf-8") if text is None else text
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return uri

    def _ask(self, method: str, params: Any) -> Any:
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == self._last and "method" not in message:
                return message.get("result")
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        """Answer a request of the server, or remember a notification."""
        match message.get("method"):
            case "workspace/configuration":
                answers = [_SETTINGS.get(item.get("section", ""), {}) for item in message["params"]["items"]]
                self._send({"id": message["id"], "result": answers})
            case "textDocument/publishDiagnostics":
                self._published[message["params"]["uri"]] = message["params"]["diagnostics"]
            case _ if "id" in message:
                self._send({"id": message["id"], "result": None})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._in.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._in.flush()

    def _read(self) -> dict[str, Any]:
        headers = dict(self._headers())
        assert "content-length" in headers, "the language server has ended"
        message: dict[str, Any] = json.loads(self._out.read(int(headers["content-length"])))
        return message

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self._out.readline().strip():
            name, _, value = line.decode().partition(":")
            yield name.lower(), value.strip()
