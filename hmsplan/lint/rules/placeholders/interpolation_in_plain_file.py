"""``${var:x}`` in a file whose text hmsplan leaves as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.placeholders import analysis_texts
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_OURS: Final = re.compile(r"\$\{(?:(?:var|secret|file|csv):[^{}\n]{1,200}|[a-z_]{4,20}\.[A-Za-z][\w-]*\.[a-z_.]+)\}")


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for text in (*view.texts(resource), *analysis_texts(resource, view)):
        if "$" in text.text:
            for found in _OURS.finditer(text.text):
                yield Hit(f"{found[0]} is not replaced here. {_BETTER}", text.path, *text.place(found.start()))


_BETTER: Final = (
    "In a file hmsplan fills in such a name only when the file is called ….tmpl.md or ….tmpl.txt: rename it, and write "
    "the new name where it is used."
)

RULE: Final = Rule(
    id="interpolation-in-plain-file",
    group=Group.PLACEHOLDERS,
    title="Variable of the stack that is not filled in",
    severity=Severity.WARNING,
    why="The assistant is sent the name of the variable, and says it in place of the name of the business.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "${file:hello.md}"}
# file: hello.md
Hello, you are speaking with the assistant of ${var:business_name}.
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "${file:hello.tmpl.md}"}
# file: hello.tmpl.md
Hello, you are speaking with the assistant of ${var:business_name}.
# file: hmsplan.yaml
version: 1
stack: acme
variables: {business_name: {default: Acme}}
""",
    kinds=("assistants", "campaigns", "workflows", "analysis_templates"),
    check=_check,
)
