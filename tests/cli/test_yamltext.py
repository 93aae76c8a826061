"""What is written as YAML is read back as the very same value."""

from __future__ import annotations

import contextlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hmsplan.config.yaml_format import formatted
from hmsplan.config.yaml_parser import parse
from hmsplan.config.yaml_writer import CannotWrite, block

TEXTS = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "",
            "no",
            "017",
            "+31850835037",
            "09:00",
            "~",
            "null",
            "true",
            "a: b",
            "a #b",
            " a",
            "a ",
            "- a",
            "\t",
            "1.5",
            "=",
            "<<",
            "é",
            "😀",
        ]
    ),
)
KEYS = st.text(min_size=1, max_size=30).filter(lambda key: key.splitlines() == [key])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1e6, 1e6, allow_nan=False), TEXTS
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_values_come_back_and_are_in_form(value: dict[str, object]) -> None:
    """Of the same types, in the same order; and fmt has nothing to do."""
    with contextlib.suppress(CannotWrite):
        written = ("\n".join(block(value)) + "\n").encode()
        assert repr(parse(written, "x").value) == repr(value)
        assert formatted(written, "x") == written
