"""Settings: checked values, did-you-mean, documentation."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest

from hmsplan.emulator import Settings


def test_settings_come_from_json_values() -> None:
    values = {"nested_patch": "merge", "keys": ["fl_a"], "rate_limit": None, "list_cap": 10, "credits": 0}
    settings = Settings.from_dict(values)
    assert (settings.nested_patch, settings.keys, settings.rate_limit) == ("merge", ("fl_a",), None)
    assert Settings.from_dict({}) == Settings()


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"nested_patsch": "merge"}, "unknown setting 'nested_patsch'; did you mean 'nested_patch'?"),
        ({"zzz": 1}, "unknown setting 'zzz'"),
        ({"nested_patch": "mix"}, "nested_patch: 'mix' is not one of 'replace', 'merge'"),
        ({"completed_status": True}, "completed_status"),
        ({"completed_status": 409.0}, "completed_status"),
        ({"rate_limit": 0}, "rate_limit: 0 is not a positive number or null"),
        ({"rate_limit": "100"}, "rate_limit"),
        ({"noop_touches": 1}, "noop_touches: 1 is not true or false"),
        ({"keys": "fl_a"}, "keys"),
        ({"keys": [1]}, "keys"),
        ({"credits": -1}, "credits"),
        ({"credits": True}, "credits"),
    ],
)
def test_a_wrong_setting_is_refused(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        Settings.from_dict(values)


def test_every_setting_is_documented() -> None:
    documented = re.findall(r"^ {4,8}(\w+): ", Settings.__doc__ or "", re.MULTILINE)
    assert documented == [field.name for field in fields(Settings)]
