"""Which text goes into a file of its own, and which one a file can hold. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hmsplan.config.interpolation import escape
from hmsplan.config.yaml_writer import CannotWrite, scalar
from hmsplan.model import Unsendable

if TYPE_CHECKING:
    from hmsplan.model import Address, FieldPath

LONG: Final = 200
FOLDER: Final = "prompts"
_LONGEST_NAME: Final = 100  # of a file, less a number and .md
_REFUSED_IN_FILES: Final = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]|\\A\ufeff")  # \r too: it comes back as \n


@dataclass(slots=True)
class Texts:
    """The text files of one export.

    Attributes:
        files: path to content.
    """

    files: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def put(self, text: str, address: Address, path: FieldPath, *, inline: bool = False) -> str:
        """Return how *text* is written in YAML: as ``${file:…}`` if it is long, or cannot stand in YAML.

        Args:
            text: of a field.
            address: of its resource; the file is named after it.
            path: of the field; an item of a list by its name, if it has one.
            inline: a long text, too, stays in the YAML if it can.

        Raises:
            CannotWrite: neither YAML nor a file can hold it.
        """
        if isinstance(text, Unsendable):
            return scalar(text)  # which says why it cannot be written
        fits = _REFUSED_IN_FILES.search(text) is None
        if inline or not (fits and _is_long(text)):
            try:
                scalar(escape(text))
            except CannotWrite:
                if not fits:
                    raise
            else:
                return escape(text)
        name = self._name(address, path)
        self.files[name] = text
        return f"${{file:{name}}}"

    def _name(self, address: Address, path: FieldPath) -> str:
        stem = first = f"{FOLDER}/{address.kind}/{'/'.join(_clean(part) for part in _stem(address.key, path))}"
        count = 1
        while f"{stem}.md".casefold() in self._taken:  # a disk may not tell capitals from small letters
            count += 1
            stem = f"{first}_{count}"
        self._taken.add(f"{stem}.md".casefold())
        return f"{stem}.md"


def _stem(key: str, path: FieldPath) -> tuple[str, ...]:
    """Return the name of a text's file below the folder of its kind: what is said first of all needs no other name."""
    match path:
        case ("llm_config", "messages", 0, "content") | ("system_message_template",):
            return (key,)
        case ("llm_config", "messages", int(index), "content"):
            return (f"{key}.message_{index + 1}",)
        case ("definition", "nodes", node, "instructions"):
            return (key, str(node))
        case ("definition", "nodes", node, *rest):
            return (key, f"{node}.{'_'.join(map(str, rest))}")
        case ("definition", *rest):
            return (key, ".".join(map(str, rest)))
    return (f"{key}.{'_'.join(map(str, path))}",)


def _clean(name: str) -> str:
    """Return *name* as one that every disk takes and that hides no file."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:_LONGEST_NAME].strip(".") or "_"


def _is_long(text: str) -> bool:
    return "\n" in text or (len(text) > LONG and " " in text)
