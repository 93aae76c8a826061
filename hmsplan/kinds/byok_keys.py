"""The organization's own keys: with which account a provider is used ("bring your own key")."""

from __future__ import annotations

from typing import Any, Final

from hmsplan.kinds.kind import STAMPS, Kind, patterns

_SUFFIX: Final = "_secret_id"


def stored(answer: Any) -> list[dict[str, Any]] | None:
    """Return an object for each provider that has a key: the answer holds ``<provider>_secret_id``, null or a vault id.

    "Whether the id changes when the key is replaced" is unknown, so the provider is the id. The answer about provider
    settings shows those, and nothing of the keys.
    """
    if not isinstance(answer, dict):
        return None
    if isinstance(settings := answer.get("byok_config"), dict):
        return [{"id": name, "provider": name, "config": config} for name, config in settings.items()]
    keys = answer.get("byok_keys", answer)
    if not isinstance(keys, dict) or (keys is answer and not any(name.endswith(_SUFFIX) for name in keys)):
        return None
    found = {name.removesuffix(_SUFFIX): value for name, value in keys.items() if name.endswith(_SUFFIX) and value}
    return [{"id": name, "provider": name, "vault_id": value} for name, value in found.items()]


BYOK_KEYS: Final = Kind(
    name="byok_keys",
    singular="byok_key",
    noun="provider key",
    path="/byok",
    docs="SDK types ByokKeys, ByokSet and ByokConfigSet; guide, section BYOK",
    collection=(),
    envelope=(),
    unfold=stored,
    named_by="provider",
    posted_to={"config": "/byok/config"},  # "Merged into the settings already stored for the provider"
    identity="provider",
    file="byok_keys.yaml",
    unique=True,  # "One key per provider"
    verbs=frozenset({"GET", "POST", "DELETE"}),
    required=frozenset({"provider"}),
    required_if_new=frozenset({"api_key"}),  # a key that is stored already can be managed without knowing it
    computed=STAMPS | {"vault_id"},
    secrets=patterns("api_key"),
    write_only=frozenset({"config"}),  # "treat the settings as write-only"
    immutable=frozenset({"provider"}),
    after_create=frozenset({"config"}),  # "needs a stored key"
)
