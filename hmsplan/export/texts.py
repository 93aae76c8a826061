"""Which text goes into a file of its own, and which one a file can hold. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hmsplan.config.interpolation import escape
from hmsplan.config.yaml_writer import CannotWrite, scalar
from hmsplan.kinds import KINDS
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

    def put(self, text: str, address: Address, path: FieldPath, *, inline: bool = False) -> str:
        """Return how *text* is written in YAML: as ``${file:…}`` if it is long, or cannot stand in YAML.

        Args:
            text: of a field.
            address: of its resource; the file is named after it.
            path: of the field.
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
        match path:
            case ("llm_config", "messages", 0, "content") | ("system_message_template",):
                stem = address.key
            case ("llm_config", "messages", int(index), "content"):
                stem = f"{address.key}.message_{index + 1}"
            case _:
                stem = f"{address.key}.{'_'.join(map(str, path))}"
        stem = re.sub(r"[^A-Za-z0-9_.-]", "_", stem)[:_LONGEST_NAME]
        if f"{FOLDER}/{stem}.md" in self.files:
            stem = f"{KINDS[address.kind].singular}.{stem}"
        name, count = f"{FOLDER}/{stem}.md", 1
        while name in self.files:
            count += 1
            name = f"{FOLDER}/{stem}_{count}.md"
        return name


def _is_long(text: str) -> bool:
    return "\n" in text or (len(text) > LONG and " " in text)
