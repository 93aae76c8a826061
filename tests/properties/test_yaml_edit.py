"""Whatever a file looks like, one value of it can be changed, and nothing outside of its span does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hmsplan.config.yaml_parser import parse
from hmsplan.config.yaml_writer import double_quoted
from hmsplan.export.edit.outline import Form, comments, find, outline
from hmsplan.export.edit.splices import spliced
from hmsplan.export.edit.yaml_edit import set_value, with_value
from hmsplan.planner.diff import same

if TYPE_CHECKING:
    from hmsplan.model import FieldPath

WORDS = st.sampled_from(
    ["Hello", "no", "12", "0.5", "it's", 'say "x"', "a: b", "c #d", "- e", "${f}", "é", "{g}", "*h", ""]
)
LINES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
TEXTS = st.one_of(
    LINES,
    st.lists(
        st.one_of(LINES, st.just(""), LINES.map(lambda line: f"  {line}"), LINES.map(lambda line: f"{line} ")),
        min_size=1,
        max_size=5,
    ).map("\n".join),
    LINES.map(lambda line: f"{line}\n"),
    st.text(
        st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cc", "Cf", "Zl", "Zp", "Cs"]),
        max_size=12,
    ),
)
SCALARS = st.one_of(TEXTS, st.integers(-99, 99), st.sampled_from([0.5, 1.0, True, False, None]))
KEYS = st.sampled_from(["a", "b", "c", "long_key", "x1"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


class Writer:
    """Writes a value as people do: in any style that holds it, with comments."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.comments = 0

    def comment(self) -> str:
        if not self.draw(st.booleans()):
            return ""
        self.comments += 1
        return f"# comment {self.comments}"

    def block(self, value: dict[str, Any], indent: int) -> list[str]:
        lines = []
        for key, item in value.items():
            lines += self.above(indent)
            lines += self.under(f"{' ' * indent}{key}:", item, indent)
        return lines

    def above(self, indent: int) -> list[str]:
        text = self.comment()
        return [*([f"{' ' * indent}{text}"] if text else []), *([""] if self.draw(st.integers(0, 5)) == 0 else [])]

    def under(self, head: str, value: Any, indent: int) -> list[str]:
        is_block = isinstance(value, dict | list) and value and self.draw(st.booleans())
        if not is_block:
            return self.scalar(head, value, indent)
        below = indent + self.draw(st.sampled_from([2, 4]))
        first = f"{head}{self.behind()}"
        if isinstance(value, dict):
            return [first, *self.block(value, below)]
        dashes = indent if isinstance(value, list) and head.endswith(":") and self.draw(st.booleans()) else below
        return [first, *(line for item in value for line in self.item(item, dashes))]

    def item(self, value: Any, indent: int) -> list[str]:
        head = f"{' ' * indent}-"
        if isinstance(value, dict) and value and self.draw(st.booleans()):
            first, *rest = [
                line for line in self.block(value, indent + 2) if line.strip() and not line.strip().startswith("# c")
            ]
            return [*self.above(indent), f"{head} {first.lstrip(' ')}", *rest]
        if isinstance(value, list) and value:
            return [*self.above(indent), f"{head} {self.flow(value)}{self.behind()}"]
        return [*self.above(indent), *self.scalar(head, value, indent)]

    def behind(self) -> str:
        text = self.comment()
        return f"  {text}" if text else ""

    def scalar(self, head: str, value: Any, indent: int) -> list[str]:
        if not isinstance(value, str):
            return [f"{head} {self.flow(value)}{self.behind()}"]
        for style in self.draw(st.permutations(["plain", "single", "literal", "folded"])):
            written = getattr(self, f"as_{style}")(value)
            if written is None:
                continue
            first, *rest = written
            lines = [
                f"{head} {first}{self.behind()}",
                *(f"{' ' * (indent + 2)}{line}" if line else "" for line in rest),
            ]
            if reads("\n".join([*lines, ""]), head, value):
                return lines
        return [f"{head} {double_quoted(value)}{self.behind()}"]

    @staticmethod
    def as_plain(value: str) -> list[str] | None:
        return None if "\n" in value or not value.strip() or value != value.strip() else [value]

    @staticmethod
    def as_single(value: str) -> list[str] | None:
        return None if "\n" in value else ["'" + value.replace("'", "''") + "'"]

    @staticmethod
    def as_literal(value: str) -> list[str] | None:
        if not value.strip() or value.endswith("\n\n") or value[:1].isspace():
            return None
        return ["|" if value.endswith("\n") else "|-", *value.removesuffix("\n").split("\n")]

    @staticmethod
    def as_folded(value: str) -> list[str] | None:
        if not value.strip() or "\n" in value or value[:1].isspace():
            return None
        return [">-", *value.replace(" ", "\n", 1).split("\n")]

    def flow(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {self.flow(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.flow, value)) + "]"
        if isinstance(value, str):
            return double_quoted(value)
        return (
            {None: "null", True: "true", False: "false"}.get(value, str(value))
            if not isinstance(value, int | float) or isinstance(value, bool)
            else str(value)
        )


def reads(text: str, head: str, value: str) -> bool:
    try:
        found = parse(text.encode(), "").value
    except Exception:  # noqa: BLE001 -- another style is tried
        return False
    return bool(found == ([value] if head.endswith("-") else {head.strip().removesuffix(":"): value}))


@st.composite
def files(draw: st.DrawFn) -> tuple[str, Any]:
    value = draw(DOCUMENTS)
    text = "\n".join([*Writer(draw).block(value, 0), ""])
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n") if "|" not in text and ">" not in text else text
    return text, parse(text.encode(), "").value


def paths(value: Any, at: FieldPath = ()) -> list[FieldPath]:
    """Return the path of everything in *value*."""
    inside: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [found for key, item in inside for found in ((*at, key), *paths(item, (*at, key)))]


@given(files(), st.data(), VALUES)
@settings(max_examples=100, deadline=None)
def test_any_value_becomes_any_other(file: tuple[str, Any], data: st.DataObject, new: Any) -> None:
    """It reads back, every comment outside of it is there, and what changed lies within its lines."""
    text, value = file
    path = data.draw(st.sampled_from(paths(value)))
    after = spliced(text, set_value(text, path, new))
    assert same(parse(after.encode(), "").value, with_value(value, path, new))
    root = outline(text)
    assert root is not None
    piece = find(root, path)
    last = text.find("\n", piece.end)
    assert after.startswith(text[: piece.behind])
    assert after.endswith(text[last:] if last >= 0 else "")
    end = piece.end if piece.form is Form.SCALAR else last if last >= 0 else len(text)  # with an item goes its comment
    outside = [told for at, told in comments(text) if not piece.start <= at < end]
    there = [told for _, told in comments(after)]
    assert [told for told in there if told in outside] == outside
