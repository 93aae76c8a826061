"""What the API has: the ``Snapshot``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hmsplan.model.value import Spec


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """One live object.

    Attributes:
        fields: as the API answered, aliases settled (``Kind.aliases``) and secrets wrapped in ``Secret``.
    """

    kind: str
    id: str
    fields: Spec


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every live object of the kinds that were read, at one moment.

    Attributes:
        objects: kind to id to object. A kind that is absent was not read; one that is empty has no objects.
        members: id of the parent to its members (a campaign's leads); absent = not read.
        gone: (kind, id) that state binds and that a GET by id answered with 404.
        lagging: kinds whose list lacked objects that a GET by id found; what nothing binds may be missing there too.
        organization: the id of the organization, when an answer told it.
        requests: how many HTTP requests the reading took.
        now: Unix seconds by the API's clock (its ``Date``) when the reading began; by ours where no answer had one.
    """

    objects: Mapping[str, Mapping[str, RemoteObject]]
    members: Mapping[str, tuple[RemoteObject, ...]] = field(default_factory=lambda: MappingProxyType({}))
    gone: frozenset[tuple[str, str]] = frozenset()
    lagging: frozenset[str] = frozenset()
    organization: str | None = None
    requests: int = 0
    now: float = 0.0

    def get(self, kind: str, object_id: str) -> RemoteObject | None:
        """Return the live object, or None when there is none."""
        return self.objects.get(kind, {}).get(object_id)


@dataclass(frozen=True, slots=True)
class Anonymous:
    """What a saved snapshot keeps of a member; stands in the place of the last field that tells it from others.

    Attributes:
        fingerprint: ``members.fingerprint`` of the member it was; "" for one that neither stack nor state knew.
        called: ``members.number_fingerprint``, or "" for such a one, if something has happened to it; None for one
            still untouched.
    """

    fingerprint: str
    called: str | None = None
