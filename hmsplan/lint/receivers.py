"""What each secret of a stack is for, and who gets it. Pure."""

from __future__ import annotations

import enum
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from hmsplan.config.layers import SourceMap
from hmsplan.model import Secret, value_at
from hmsplan.secrets.urls import receiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource


class Purpose(enum.StrEnum):
    """What a secret does."""

    SIGNS = "signs what is sent to"
    OPENS = "is sent as a credential to"


class Use(NamedTuple):
    """One field that holds a secret.

    Attributes:
        receiver: host, provider or address; "" when it is not known.
    """

    resource: Resource
    path: FieldPath
    purpose: Purpose
    receiver: str


def uses(view: View) -> Mapping[str, Sequence[Use]]:
    """Return the uses of each secret of the stack that has several, by its name, in the order of addresses."""
    return view.once_for_all(_uses)


def _uses(view: View) -> Mapping[str, Sequence[Use]]:
    places = defaultdict[str, list[tuple["Resource", "FieldPath"]]](list)
    for resource in view.stack.resources.values():
        for path, name in _secrets(resource):
            places[name].append((resource, path))
    return {name: [_use(*place) for place in found] for name, found in places.items() if len(found) > 1}


def _secrets(resource: Resource) -> Iterator[tuple[FieldPath, str]]:
    """Yield the place of each secret, list items by index, and its name."""
    for path in resource.secret_paths:
        at = resource.locate.indexed(path) if isinstance(resource.locate, SourceMap) else path
        value = value_at(resource.spec, at)
        if isinstance(value, Secret):
            yield at, value.name


def _use(resource: Resource, path: FieldPath) -> Use:
    spec = resource.spec
    if path == ("webhook_secret",):
        return Use(resource, path, Purpose.SIGNS, _host(spec.get("webhook_url")))
    if path[-1] == "secret":
        return Use(resource, path, Purpose.SIGNS, _host(value_at(spec, (*path[:-1], "url"))))
    if path[0] == "headers":
        return Use(resource, path, Purpose.OPENS, _host(spec.get("url")))
    owner = spec.get("provider" if path[0] == "api_key" else "address")
    return Use(resource, path, Purpose.OPENS, owner if isinstance(owner, str) else "")


@lru_cache(maxsize=1024)
def _host(url: object) -> str:
    return receiver(url) if isinstance(url, str) else ""
