r"""JSON that ``orjson`` refuses or would change, read all the same. Pure, slow, and seldom needed.

One odd value must not make everything else unreadable: half of a surrogate pair (what is left of an emoji that was cut
in two; JavaScript writes it as ``\ud83e``), a number that no 64 bits hold, or endless nesting is an ``Unsendable``.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from hmsplan.model import Unsendable
from hmsplan.text import strict_json
from hmsplan.text.strict_json import NotJson, escaped

MAX_DEPTH: Final = 100
"""As many levels as a YAML file may have."""
_TOO_DEEP: Final = f"(more than {MAX_DEPTH} levels are nested here)"
_HALF: Final = re.compile("[\ud800-\udfff]")
_MOST_DIGITS: Final = 400  # the largest number that JavaScript knows has 309


def read(body: bytes) -> Any:
    """Parse JSON.

    Raises:
        NotJson: it is not JSON, NaN is in it, or a key stands in one object twice.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NotJson(str(error)) from None
    found = strict_json.read(text, parse_int=_whole, parse_float=_fraction)
    return _settled(found, MAX_DEPTH)


def is_deep(value: Any, levels: int = MAX_DEPTH) -> bool:
    """Say whether lists and objects are nested deeper than *levels*."""
    blocks = [value] if type(value) is dict or type(value) is list else []
    for _ in range(levels):
        items = (block.values() if type(block) is dict else block for block in blocks)
        blocks = [each for found in items for each in found if type(each) is dict or type(each) is list]
        if not blocks:
            return False
    return True


def _whole(digits: str) -> Any:
    if len(digits) > _MOST_DIGITS:
        return Unsendable(digits)
    number = int(digits)
    if -(2**63) <= number < 2**64:
        return number
    nearest = _fraction(digits)
    return nearest if nearest == number else Unsendable(digits)


def _fraction(digits: str) -> Any:
    number = float(digits)
    return number if math.isfinite(number) else Unsendable(digits)


def _settled(value: Any, levels: int) -> Any:
    """Return *value* without halves of surrogate pairs, and not nested deeper than *levels*."""
    match value:
        case str():
            return Unsendable(escaped(value)) if _HALF.search(value) else value
        case dict() | list() if levels == 0:
            return Unsendable(_TOO_DEEP)
        case dict():
            return dict(_entry(key, item, levels - 1) for key, item in value.items())
        case list():
            return [_settled(item, levels - 1) for item in value]
    return value


def _entry(key: str, item: Any, levels: int) -> tuple[str, Any]:
    """Return one entry of an object. A key has to be a plain text, so of an odd one the value cannot be sent."""
    found = _settled(item, levels)
    if _HALF.search(key):
        return escaped(key), Unsendable(escaped(json.dumps(found, ensure_ascii=False)))
    return key, str(found) if key == "id" and isinstance(found, Unsendable) else found
