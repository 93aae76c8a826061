"""Every stance that the emulator can take where the documentation of the API is silent."""

from __future__ import annotations

import random
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from hmsplan.emulator import Settings
from support.world import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OTHERS: Mapping[str, tuple[Any, ...]] = {
    "analysis_page": (None, 1),
    "list_cap": (),
    "list_omits": (),
    "name_max": (60,),
    "prompt_max": (20_000,),
    "message_max": (2_000,),
    "body_max": (100_000,),
    "keys": ((KEY,),),
    "expired_keys": (("fl_old",),),
    "revoked_keys": (("fl_old",),),
    "credits": (0.0,),
    "rate_limit": (None, 5),
    "rate_window_s": (1.0,),
    "control_limit": (1,),
    "call_connect_s": (0.0,),
    "call_length_s": (1.0,),
    "account_webhook": (),
    "account_secret": (),
}
"""Values of the settings whose type does not list them; those without one have tests of their own."""


def every_value() -> Iterator[tuple[str, Any]]:
    """Yield each setting with each value that is not its default."""
    defaults, hints = Settings(), get_type_hints(Settings)
    for each in fields(Settings):
        hint = hints[each.name]
        if get_origin(hint) is Literal:
            values = get_args(hint)
        elif hint is bool:
            values = (False, True)
        else:
            values = OTHERS[each.name]
        yield from ((each.name, value) for value in values if value != getattr(defaults, each.name))


def combination(seed: int) -> Settings:
    """Return settings with many stances changed, always the same ones for a seed."""
    dice = random.Random(seed)
    values: dict[str, list[Any]] = {}
    for name, value in every_value():
        values.setdefault(name, []).append(value)
    return Settings(**{name: dice.choice(each) for name, each in values.items() if dice.random() < 0.5})
