"""Every rule of lint: a module each, in a folder for each ``Group``. A new module is found by itself."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmsplan.lint.rule import Group, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def all_rules() -> Mapping[str, Rule]:
    """Return the rules by id, in the order of their groups."""
    found = (rule for group in Group for rule in _rules_of(group))
    return MappingProxyType({rule.id: rule for rule in found})


def _rules_of(group: Group) -> list[Rule]:
    package = import_module(f"{__name__}.{group}")
    modules = (import_module(f"{package.__name__}.{module.name}") for module in pkgutil.iter_modules(package.__path__))
    return [module.RULE for module in modules if hasattr(module, "RULE")]
