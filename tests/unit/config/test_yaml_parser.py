from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hmsplan.config import yaml_parser
from hmsplan.config.yaml_errors import explain_yaml_error
from hmsplan.config.yaml_parser import parse, read_scalar
from hmsplan.errors import ConfigError
from hmsplan.model import SourceLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hmsplan.config.document import Document
    from hmsplan.model import FieldPath

MERGED = """
common: &common {provider: openai, model: gpt-5.4}
a:
  <<: *common
  model: gpt-5.4-mini
b:
  <<: [{temperature: 0.1}, *common]
  tools: []
"""


def read(text: str) -> Any:
    return parse(text.encode(), "a.yaml").value


def summary(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), "a.yaml")
    return caught.value.diagnostics[0].summary


NOT_NUMBERS = "+31850835037 017 0x1f 0o17 1e3 1_000 .5 5. .inf .nan 09:00 2026-11-22 - --1 1.2.3"
NOT_WORDS = "yes no on off True TRUE False Null NULL y n"


@pytest.mark.parametrize("text", f"{NOT_NUMBERS} {NOT_WORDS}".split())
def test_stays_text(text: str) -> None:
    """Phone numbers, times, dates and the words that YAML 1.1 takes for booleans stay what was typed."""
    assert read_scalar(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("false", False), ("null", None), ("~", None), ("", None), ("0", 0), ("-7", -7), ("0.50", 0.5)],
)
def test_is_a_value(text: str, value: Any) -> None:
    """Only true, false, null, ~, an empty value and plain decimal numbers are not text."""
    assert read_scalar(text) == value
    assert read(f"a: {text}\n") == {"a": value}
    assert type(read_scalar(text)) is type(value)


def test_quoted_is_text() -> None:
    """Quotes and block scalars make text of anything."""
    assert read("a: \"1\"\nb: 'true'\nc: |\n  5\nd: !!str 7\n") == {"a": "1", "b": "true", "c": "5\n", "d": "7"}


@given(st.text(alphabet="0123456789.-+eE_xXno~:", max_size=12))
def test_scalar_rule(text: str) -> None:
    """What is no plain decimal number and no known word is text, unchanged."""
    value = read_scalar(text)
    if isinstance(value, str):
        assert value == text
    elif value is None:
        assert text in {"", "~"}
    else:
        assert float(text) == value
        assert set(text) <= set("-.0123456789")
        assert not text.lstrip("-").startswith("0") or text.lstrip("-").partition(".")[0] == "0"


def test_duplicate_keys_are_all_told() -> None:
    """Every duplicate key of a file is reported at once, with the line of the first one."""
    with pytest.raises(ConfigError) as caught:
        parse(b"a:\n  b: {c: 1}\n  d: 2\n  b: 3\n  b: 4\nx: 1\nx: 2\n", "a.yaml")
    found = [(problem.summary, problem.source) for problem in caught.value.diagnostics]
    assert found == [("Duplicate key", SourceLine("a.yaml", line, column)) for line, column in [(4, 3), (5, 3), (7, 1)]]
    assert "first on line 2" in caught.value.diagnostics[0].detail
    assert "first on line 6" in caught.value.diagnostics[2].detail


def test_merge() -> None:
    """<< lays a block under another: own keys win, and of several blocks the first."""
    value = read(MERGED)
    assert value["a"] == {"model": "gpt-5.4-mini", "provider": "openai"}
    assert value["b"] == {"tools": [], "temperature": 0.1, "provider": "openai", "model": "gpt-5.4"}


def test_merge_keeps_places() -> None:
    """A field that << brought is found where it is written, and the fields behind it are not mistaken."""
    document = parse(MERGED.encode(), "a.yaml")
    assert document.root().locate(("a", "provider")).line == 2
    assert document.root().locate(("a", "model")).line == 5
    assert document.root().locate(("b", "temperature")).line == 7
    assert document.root().locate(("b", "model")).line == 2
    assert document.root().locate(("b", "tools")).line == 8


def test_alias_keeps_places() -> None:
    """A value behind an alias is found at its anchor; an alias does not shift what follows."""
    document = parse(b"a: &x\n  b: [1, 2]\nc: *x\nd: 3\n", "a.yaml")
    assert document.value["c"] is document.value["a"]
    assert document.root().locate(("c", "b", 1)) == SourceLine("a.yaml", 2, 10)
    assert document.root().locate(("d",)) == SourceLine("a.yaml", 4, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !!python/name:os.system", "Unknown tag"),
        ("a: !!int '5'", "Unknown tag"),
        ("a: !x {b: 1}", "Unknown tag"),
        ("!include a.yaml", "Unknown tag"),
        ("1: a", "Key is not text"),
        ("true: a", "Key is not text"),
        ("~: a", "Key is not text"),
        (": a", "Key is missing"),
        ("?\n: a", "Key is missing"),
        ("[a]: b", "Key is not text"),
        ("&a x: 1\n*a : 2", "Key is not text"),
        ("a: &a [*a]", "Recursive alias"),
        ("a: *b", "Unknown alias"),
        ("a: {<<: 1}", "Cannot merge"),
        ("a: {<<: {b: 1}, <<: {c: 1}}", "Duplicate key"),
        ("a: 1\n---\nb: 1", "More than one document"),
        ("[" * 101 + "]" * 101, "Nested too deeply"),
        ("a: 1234567890123456789", "Number too long"),
        ("a: b\x00", "Invisible character"),
        ("a: b\x1b", "Invisible character"),
        ("a: b\x7f", "Invisible character"),
        ("a: b\x85", "Invisible character"),
        ("a: b\u2028", "Invisible character"),
        ("a: b\u2066", "Invisible character"),
        ('a: "\\0"', "Invisible character"),
        ('"\\u202e": 1', "Invisible character"),
        ("a: b\n\tc: d", "Tab in the indentation"),
        ("a: @b", "Unquoted text"),
        ('a: "\\d"', "Unknown escape"),
        ("a: {b: 1", "Unclosed bracket"),
        ("a: |x", "Text beside | or >"),
        ("a: & b", "Unquoted text"),
        ('a: "b\nc: "d"\n', "Unclosed quote"),
    ],
)
def test_refused(text: str, expected: str) -> None:
    """What YAML allows but nobody should meet in a stack is refused, in words of ours."""
    assert summary(text) == expected


@pytest.mark.parametrize("mark", ["\u200e", "\u200f", "\u061c"])
def test_marks_of_arabic_and_hebrew_are_text(mark: str) -> None:
    """They say which way the next letter is read, and reorder no more than a letter does."""
    assert read(f"a: مرحبا{mark}!\nb: 'x{mark}'\n{mark}c: |\n  {mark}y\n") == {
        "a": f"مرحبا{mark}!",
        "b": f"x{mark}",
        f"{mark}c": f"{mark}y\n",
    }
    assert read(f'a: "\\u{ord(mark):04x}"') == {"a": mark}


@pytest.mark.parametrize("code", [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_overrides_isolates_and_embeddings_are_refused(code: int) -> None:
    """Raw and escaped, in values and keys: what they enclose is read in another order than it is."""
    for text in (f"a: b{chr(code)}", f"b{chr(code)}: a", f'a: "\\u{code:04x}"', f'"\\u{code:04x}": a'):
        assert summary(text) == "Invisible character"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: “Hallo” zei hij\n", "“Hallo” zei hij"),
        ("a: [“A”, „B“, «C», x “y” z, it\u2019s]\n", ["“A”", "„B“", "«C»", "x “y” z", "it\u2019s"]),
        ("a: Attention:\u00a0x\n", "Attention:\u00a0x"),
        ("a: let_op:\u00a0x\n", "let_op:\u00a0x"),
        ('a: "\u00a0x"\n', "\u00a0x"),
        ("a: |\n  \u00a0x\n", "\u00a0x\n"),
        ("a: x\u00a0y\n", "x\u00a0y"),
        ("a: Pay {{x}} now\n", "Pay {{x}} now"),
        ("a: |\n  <<<<<<< HEAD\n  =======\n  >>>>>>> x\n", "<<<<<<< HEAD\n=======\n>>>>>>> x\n"),
        ('a: "Q:\\nWhat?"\n', "Q:\nWhat?"),
    ],
)
def test_what_only_looks_like_a_slip_is_text(text: str, value: Any) -> None:
    assert read(text) == {"a": value}


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("a:\n  - {{x}}, hi # c\n", "a.yaml:2:5", '"{{x}}, hi"'),
        ("a: {b: {{x}}, c: 1}\n", "a.yaml:1:8", '"{{x}}"'),
        ("a: [{{x}}, c]\n", "a.yaml:1:5", '"{{x}}"'),
        ('a: {{x}} "quoted"\n', "a.yaml:1:4", r'"{{x}} \"quoted\""'),
        ("a: 1\n \u00a0b: 2\n", "a.yaml:2:2", "no-break space (U+00A0)"),
        ("a:\n  b:\u202fx\n  c: 1\n", "a.yaml:2:5", "narrow no-break space (U+202F)"),
        ("a:\n  b: 1\n  c:\u3000x\n", "a.yaml:3:5", "ideographic space (U+3000)"),
        ("a:\n  -\u00a0x\n", "a.yaml:2:4", "no-break space"),
        ("a: 1\n\ufeffb: 2\n", "a.yaml:2:1", "byte order mark (U+FEFF) here, which YAML takes for a letter. Take it"),
        ("a: 1\n\u200bb: 2\n", "a.yaml:2:1", "zero width space (U+200B)"),
        ("a:\n  b: “A: B”\n", "a.yaml:2:8", "Typographic quotes such as “"),
        ("a: [“A, B”]\n", "a.yaml:1:5", "Typographic quotes such as “"),
        ("“a”: 1\n", "a.yaml:1:1", "Typographic quotes such as “"),
        ('a: "C:\\Program Files"\n', "a.yaml:1:7", r"In double quotes \P stands for something else"),
        ('a: "C:\\docs"\n', "a.yaml:1:7", r"In double quotes \d means nothing"),
        ('a: "\\\\server\\share"\n', "a.yaml:1:13", r"two backslashes: \\s"),
        ("a:\n  b: 1\n  c:x\n", "a.yaml:3:3", "put a space behind its colon: c: …"),
        ("a:\n  b: 1\n  well then\n", "a.yaml:3:3", "If it is text, put the whole text in quotes."),
    ],
)
@pytest.mark.parametrize("libyaml", [True, False])
def test_a_slip_is_named_where_it_is(
    text: str, where: str, said: str, monkeypatch: pytest.MonkeyPatch, *, libyaml: bool
) -> None:
    """One message, by line and column, that says what to type; with and without libyaml."""
    monkeypatch.setattr(yaml, "__with_libyaml__", libyaml)
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), "a.yaml")
    (problem,) = caught.value.diagnostics
    assert said in problem.detail
    assert str(problem.source) == where


def test_not_utf8() -> None:
    """A file in another encoding is refused with its line, UTF-16 included."""
    assert summary(b"a: \xe9") == "Not UTF-8"
    assert summary("a: b".encode("utf-16")) == "Not UTF-8"


def test_too_large() -> None:
    """A file past the cap is not even parsed."""
    assert summary(b"#" * (yaml_parser.MAX_FILE_BYTES + 1)) == "File too large"


def test_aliases_are_budgeted() -> None:
    """Many small aliases are fine; what they repeat is counted, nested ones multiplied."""
    assert len(read("a: &a [1, 2]\nb: [" + ", ".join(["*a"] * 1000) + "]")["b"]) == 1000
    doubling = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 20))
    assert summary(doubling) == "Too many aliases"


@pytest.mark.parametrize("levels", [101, 500, 999, 1_000, 1_001, 1_500, 20_000])
@pytest.mark.parametrize(
    ("nested", "column"),
    [
        (lambda levels: "[" * levels, 101),
        (lambda levels: "[" * levels + "]" * levels, 101),
        (lambda levels: "{a: " * levels, 401),
        (lambda levels: "- " * levels + "x", 201),
        (lambda levels: "\n".join(" " * level + "a:" for level in range(min(levels, 3_000))), 101),
    ],
)
def test_the_depth_is_ours_to_judge(nested: Callable[[int], str], column: int, levels: int) -> None:
    """Whatever limit the parser has, and however far it reads ahead: the first level too many is the one named."""
    with pytest.raises(ConfigError) as caught:
        parse(nested(levels).encode(), "a.yaml")
    (problem,) = caught.value.diagnostics
    assert (problem.summary, problem.detail) == ("Nested too deeply", "More than 100 levels are nested here.")
    assert (problem.source or SourceLine("", 0, 0)).column == column


def test_a_parser_that_reads_fewer_levels_than_we_allow_is_told() -> None:
    """A limit of the parser that is lower than ours is no unclosed bracket."""
    mark = yaml.Mark("a", 0, 0, 7, "[" * 8, 7)
    error = yaml.scanner.ScannerError("while increasing flow level", mark, "exceeded maximum nesting depth", mark)
    problem = explain_yaml_error(error, "[" * 8, "a.yaml")
    assert problem.summary == "Nested too deeply"
    assert problem.source == SourceLine("a.yaml", 1, 8)


def test_deep_aliases_are_refused() -> None:
    """Aliases cannot smuggle in more depth than is allowed."""
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 120))
    assert summary(chain) == "Nested too deeply"


def test_byte_order_mark_and_windows_lines() -> None:
    """A BOM and CRLF are accepted and shift no place."""
    document = parse(b"\xef\xbb\xbfa: 1\r\nb:\r\n  c: 2\r\n", "a.yaml")
    assert document.value == {"a": 1, "b": {"c": 2}}
    assert document.root().locate(("a",)) == SourceLine("a.yaml", 1, 4)
    assert document.root().locate(("b", "c")) == SourceLine("a.yaml", 3, 6)


def test_columns_count_characters() -> None:
    """A column counts characters, not bytes."""
    assert parse("{é𝄞: 1, b: 2}".encode(), "a.yaml").root().locate(("b",)) == SourceLine("a.yaml", 1, 12)


def test_empty() -> None:
    """An empty file, or one of comments, holds nothing."""
    assert read("") is None
    assert read("# later\n") is None


def test_interpolated() -> None:
    """A file without ${ says so, so that its values need not be searched."""
    assert parse(b"b: [1, {c: '${var:y}'}]\n", "a.yaml").interpolated
    assert not parse(b"d: '{{z}}'\ne: |\n  $ {x}\n", "a.yaml").interpolated


def test_equal_keys_are_one_object() -> None:
    """Ten thousand assistants share their field names; that is most of a stack's memory."""
    one, two = read("first_message: a"), read("first_message: b")
    assert next(iter(one)) is next(iter(two))


class Plain(yaml.SafeDumper):
    """Writes equal objects out instead of using aliases."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(string.printable.strip() + " é\n", max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(string.ascii_letters, min_size=1), inner),
    max_leaves=20,
)


@given(TREES, st.sampled_from([True, False, None]))
@settings(deadline=None)
def test_agrees_with_pyyaml(tree: Any, flow: bool | None) -> None:
    """What PyYAML writes reads back as the same value, whatever its style."""
    assert read(yaml.safe_dump(tree, allow_unicode=True, default_flow_style=flow)) == tree


@given(TREES, st.sampled_from([True, False, None]))
@settings(deadline=None)
def test_places_agree_with_pyyaml(tree: Any, flow: bool | None) -> None:
    """Every place is the one that PyYAML's own nodes have."""
    text = yaml.dump({"root": tree}, Dumper=Plain, allow_unicode=True, default_flow_style=flow)
    document = parse(text.encode(), "a.yaml")
    for path, mark in marks(yaml.compose(text), (), None):
        assert document.root().locate(path) == SourceLine("a.yaml", mark.line + 1, mark.column + 1), path


def marks(node: Any, path: FieldPath, key: Any) -> Iterator[tuple[FieldPath, Any]]:
    if path:
        yield path, node.start_mark if key is None or isinstance(node, yaml.ScalarNode) else key.start_mark
    if isinstance(node, yaml.MappingNode):
        for name, child in node.value:
            yield from marks(child, (*path, name.value), name)
    elif isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from marks(child, (*path, index), None)


def outcome(data: bytes) -> Document | None:
    try:
        return parse(data, "a.yaml")
    except ConfigError:
        return None


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_never_fails_on_bytes(data: bytes) -> None:
    """Whatever bytes a file holds, it is a document or a problem, never a traceback."""
    outcome(data)


@given(st.text("ab:-[]{},&*!|>'\"%@`#<~$ \n\t1é\u2028", max_size=80))
@settings(deadline=None, max_examples=400)
def test_never_fails_on_text(text: str) -> None:
    """Whatever YAML-like text a file holds, it is a document or a problem, and every place can be found."""
    document = outcome(text.encode())
    if document is not None:
        for path in paths(document.value, ()):
            assert document.root().locate(path).line <= text.count("\n") + 1


def paths(value: Any, path: FieldPath) -> Iterator[FieldPath]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


@given(st.text("ab:-[]{},&*'\"# \n1é", max_size=60))
@settings(deadline=None)
def test_without_libyaml(text: str) -> None:
    """PyYAML's own parser gives the same tree and the same places where there is no libyaml."""
    fast = outcome(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", False)
        slow = outcome(text.encode())
    if fast is not None and slow is not None:
        assert slow.value == fast.value
        assert [slow.root().locate(path) for path in paths(slow.value, ())] == [
            fast.root().locate(path) for path in paths(fast.value, ())
        ]
