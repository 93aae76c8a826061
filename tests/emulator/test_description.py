"""The description that the emulator ships is the one of the API documentation."""

from __future__ import annotations

import orjson
import yaml

from . import openapi


def test_the_shipped_description_says_what_its_source_says() -> None:
    """Where the source is not at hand, the shipped one is the source."""
    shipped = orjson.loads(openapi.PATH.read_bytes())
    assert shipped["openapi"].startswith("3.1")
    if openapi.SOURCE.is_file():
        assert shipped == yaml.load(openapi.SOURCE.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
