"""``hmsplan:`` of the stack file: which versions of this tool may read the stack."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, Final

from hmsplan import __version__
from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic
from hmsplan.text import wording

if TYPE_CHECKING:
    from hmsplan.config.document import Document

PIN: Final = "hmsplan"
_EXAMPLE: Final = f'Write versions as pip does, in quotes:\n  {PIN}: ">=0.2,<0.3"'
_HARMLESS: Final = re.compile(r"[\w.,<>=~* +-]+", re.ASCII)
"""What means nothing to a shell between double quotes."""


def refuse_other_version(document: Document) -> None:
    """Refuse a stack file that asks for another version of hmsplan.

    It is the only problem told: what else seems wrong may be right in the version that is asked for.

    Raises:
        ConfigError: another one, or none that can be read as versions.
    """
    stack = document.value
    if not isinstance(stack, dict) or PIN not in stack:
        return
    if (told := _refusal(stack[PIN])) is not None:
        summary, detail = told
        raise ConfigError([Diagnostic(summary, detail, document.root().locate((PIN,)), path=(PIN,))])


def _refusal(pin: Any) -> tuple[str, str] | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 -- only for a stack with a pin

    if not isinstance(pin, str):
        return "Wrong type", f"It is {wording.type_of(pin)} ({wording.shown(pin)}). {_EXAMPLE}"
    try:
        versions = SpecifierSet(pin)
    except InvalidSpecifier:
        versions = SpecifierSet()
    if not versions:
        return "Not a version", f"{wording.shown(pin)} does not say which versions are meant. {_EXAMPLE}"
    if versions.contains(__version__, prereleases=True):
        return None
    wanted = f"hmsplan{pin}"
    typed = f'"{wanted}"' if _HARMLESS.fullmatch(pin) else shlex.quote(wanted)
    return "Another version of hmsplan", (
        f"This is hmsplan {__version__}, and the stack is for {pin}: another version may understand it differently. "
        f"Type:\n  pip install {typed}\nor, once the stack is right for this version, change the line."
    )
