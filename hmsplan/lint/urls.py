"""Where the platform sends what happens in a call. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hmsplan.lint.tools import own_functions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource


def webhooks(resource: Resource, view: View) -> Sequence[tuple[FieldPath, str]]:
    """Return the URLs that are written in *resource* and called during a call, with their paths."""
    return view.once(_webhooks, resource)


def _webhooks(resource: Resource, view: View) -> Sequence[tuple[FieldPath, str]]:
    return list(_written(resource, view))


def _written(resource: Resource, view: View) -> Iterator[tuple[FieldPath, str]]:
    if isinstance(url := resource.spec.get("webhook_url"), str):
        yield ("webhook_url",), url
    for tool in own_functions(resource, view):
        if url := tool.text("url"):
            yield tool.at("url"), url
    if resource.address.kind == "workflows":
        for index, node in enumerate(resource.spec.get("definition", {}).get("nodes") or ()):
            if isinstance(url := node.get("url"), str):
                yield ("definition", "nodes", index, "url"), url


@lru_cache(maxsize=1024)
def host_of(url: str) -> str:
    """Return the host in a URL, "" for none; many objects of an organization name the same few."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
