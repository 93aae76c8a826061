"""No text makes lint stall: four times the text takes about four times the time, whatever it is made of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest
from support.lint import STACK, TODAY

from hmsplan.config.load import load_stack
from hmsplan.operations.lint import lint_stack

if TYPE_CHECKING:
    from pathlib import Path

_SIZE: Final = 20_000
_FACTOR: Final = 4
_SLACK: Final = 2
"""What goes through a text once for each character in it takes ``_FACTOR`` times as long again, which is more."""
_TRIES: Final = 3
_STACK: Final = """
assistants:
  desk:
    name: Desk
    first_message: ${file:text.md}
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "${file:text.md}"}]
      tools: [{name: find_slot, description: Finds a free slot in the diary.}]
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
"""
_PIECES: Final = (
    *("a", "A", "é", "1", " ", "\t", "\n", "a ", "A ", "1 ", "A1 ", "\n\n", "a\n"),
    *("{", "{{", "}", "<", "[", "(", "-", "_", "*", "`", ".", "@", "%", "$", "#", "|", "&", "+"),
    *("a@", "a_", "a-", "a.", "01-", "://", "<%=", "{% a ", "[insert ", "sk-", "eyJ", "**a", "`a_b` "),
    *("password ", "bsn ", "your name is ", "hang up "),
)


@pytest.mark.parametrize("piece", _PIECES)
def test_a_text_of_one_piece_again_and_again_stalls_no_rule(piece: str, tmp_path: Path) -> None:
    for name, text in {"hmsplan.yaml": STACK, "stack.yaml": _STACK}.items():
        (tmp_path / name).write_text(text, "utf-8")
    short, long = (_least_s(tmp_path, piece * (size // len(piece))) for size in (_SIZE, _SIZE * _FACTOR))
    assert long < short * _FACTOR * _SLACK


def _least_s(root: Path, text: str) -> float:
    """Return the least CPU time that lint takes; each time for a text that it has not seen."""
    spent = []
    for number in range(_TRIES):
        (root / "text.md").write_text(f"{number} {text}", "utf-8")
        stack = load_stack(root, environ={})
        began = time.process_time()
        lint_stack(stack, root, today=TODAY)
        spent.append(time.process_time() - began)
    return min(spent)
