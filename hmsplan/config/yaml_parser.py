"""Strict YAML: one file becomes a ``Document`` whose values remember their places.

Only ``true``, ``false``, ``null``, ``~``, an empty value and plain decimal numbers are not text. Refused are duplicate
keys, tags, keys that are not text, recursion, alias bombs, deep nesting, more than one document, and characters that
cannot be seen. The tree is built straight from the parser's events, which is faster than ``yaml.load`` and sees it all.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from contextlib import suppress
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from hmsplan.config.document import Document, Merged
from hmsplan.config.problems import Problems
from hmsplan.config.slips import (
    curly_advice,
    curly_quotes,
    merge_conflict,
    odd_space,
    unquoted_template,
)
from hmsplan.config.yaml_errors import depth_limit_of_parser, escape_advice, explain_yaml_error, unseen
from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic, SourceLine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_FILE_BYTES: Final = 8 * 2**20
MAX_DEPTH: Final = 100
COMMENT_FOR_LINT: Final = b"hmsplan:"
"""What every comment for lint has, wrong ones too."""
MAX_REPEATED_NODES: Final = 100_000
MAX_NODES: Final = 1_000_000
MAX_PROBLEMS: Final = 50

_WORDS: Final[Mapping[str, Any]] = MappingProxyType({"": None, "~": None, "null": None, "true": True, "false": False})
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?")
_NUMBER_STARTS: Final = frozenset("-0123456789")
_MAX_DIGITS: Final = 18  # more do not fit into the 64 bits that other programs read a number into
_MAX_NUMBER: Final = 300  # characters; longer ones are text in any case
_ALLOWED_TAGS: Final = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!"})

_UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_MAYBE_UNSEEN: Final = re.compile(rb"\xe2(?:\x80[\xa8-\xae]|\x81[\xa6-\xa9])")
"""Most of those that the parser itself lets pass; a literal first byte makes the search fast."""

_WINDOWS_PATH: Final = re.compile(r"\b[A-Za-z]:(\\[^\\])")
_IN_BRACKETS: Final = re.compile(r"\s*[,\]}]")
"""Behind a text that stands between brackets."""

_NO_ALIASES: Final[Mapping[int, int]] = {}
_NO_MERGES: Final[Mapping[int, tuple[str | Merged, ...]]] = {}
"""Plain, and not a read-only view: a ``Document`` travels between processes."""


_KEYS: Final[dict[str, str]] = {}
"""Keys met so far that need no further look. These two also let equal texts of a stack share one object."""
_SCALARS: Final[dict[str, Any]] = {}
"""Short unquoted texts met so far, and what each means."""
_MOST_KNOWN: Final = 4096


class _Mark:
    """Stands in place of a key that is no text."""

    __slots__ = ()


_A_KEY: Final = _Mark()
_AN_ITEM: Final = _Mark()
_MERGE: Final = _Mark()


class _PureParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML without libyaml: the same events, some twenty times slower."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)


def _events(data: bytes, text: str) -> Callable[[], Any]:
    if yaml.__with_libyaml__:
        next_event: Callable[[], Any] = yaml.cyaml.CParser(data).get_event  # type: ignore[attr-defined]
        return next_event
    return _PureParser(text).get_event


def read_scalar(text: str) -> Any:
    """Return what an unquoted *text* means: None, a bool, an int, a float, or the text itself."""
    if text[:1] in _NUMBER_STARTS:
        match = _NUMBER.fullmatch(text)
        if match is not None and len(text) <= _MAX_NUMBER:
            return int(text) if match[1] is None else float(text)
        return text
    return _WORDS.get(text, text)


def parse(data: bytes, file: str) -> Document:
    """Read one YAML file.

    Args:
        data: UTF-8, with or without a byte order mark.
        file: what messages call it, relative to the root of the stack.

    Raises:
        ConfigError: it breaks a rule; carries all duplicate keys and odd keys, or the first other problem.
    """
    if len(data) > MAX_FILE_BYTES:
        detail = (
            f"It has {len(data):,} bytes; a file may have {MAX_FILE_BYTES:,}. Long lists of leads belong in a CSV file."
        )
        raise ConfigError([Diagnostic("File too large", detail, SourceLine(file, 1, 1))])
    text = _decode(data, file)
    if (conflict := merge_conflict(text)) is not None:
        line, detail = conflict
        raise ConfigError([Diagnostic("Merge conflict", detail, SourceLine(file, line))])
    line_starts = array("I", [0, *accumulate(map(len, text.splitlines(keepends=True)))])
    if not text.endswith(("\n", "\r")) and text:
        line_starts.pop()  # the end of the last line begins no other
    return _Builder(text, file, line_starts).build(data.removeprefix(b"\xef\xbb\xbf"))


def _decode(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        detail = f"Byte {data[error.start]:#04x} is not UTF-8. Save the file as UTF-8 in your editor."
        raise ConfigError([Diagnostic("Not UTF-8", detail, SourceLine(file, line, column))]) from None
    if _may_hide(data) and (match := _UNSEEN.search(text)) is not None:
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        raise ConfigError([unseen(match[0], SourceLine(file, line, column))])
    return text


def _may_hide(data: bytes) -> bool:
    """Say, faster than a search for each of them, whether there may be characters that the parser wrongly lets pass."""
    if data.isascii():
        return False
    return (b"\xe2" in data and _MAYBE_UNSEEN.search(data) is not None) or (b"\xc2" in data and b"\xc2\x85" in data)


class _Builder:
    """One pass over the events of one file."""

    def __init__(self, text: str, file: str, line_starts: array[int]) -> None:
        self.text = text
        self.file = file
        self.line_starts = line_starts
        self.offsets: list[int] = []
        self.problems = Problems(most=MAX_PROBLEMS)
        self.slips: list[int] = []
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.open_anchors: dict[str, int] = {}
        self.aliases: dict[int, int] = {}
        self.repeated = 0
        self.documents = 0
        self.stack: list[tuple[Any, Any, int, str | None]] = []
        self.merging: dict[int, list[Any]] = {}
        self.merges: dict[int, tuple[str | Merged, ...]] = {}

    def build(self, data: bytes) -> Document:
        """Return the finished document, or raise everything that is wrong with it."""
        try:
            value = self.run(_events(data, self.text))
        except yaml.YAMLError as error:
            if (end := depth_limit_of_parser(error)) is not None:
                self.judge_depth(self.text[:end])
            problem = explain_yaml_error(error, self.text, self.file)
            line = problem.source.line if problem.source else 0
            told = any(slip in {line - 1, line} for slip in self.slips)  # and one mistake is one message
            raise ConfigError(self.problems if told else [*self.problems, problem]) from None
        if self.problems:
            raise ConfigError(self.problems)
        return Document(
            self.file,
            value,
            array("I", self.offsets),
            self.line_starts,
            self.aliases or _NO_ALIASES,
            self.merges or _NO_MERGES,
            "${" in self.text,
            COMMENT_FOR_LINT in data,
        )

    def judge_depth(self, text: str) -> None:
        """Read once more what stands before the place where the parser found too many levels, and apply our limit.

        The parser reads ahead, so its own limit (PyYAML 6.0.4 has one) can come before the event that breaks ours.

        Raises:
            ConfigError: more than ``MAX_DEPTH`` levels are nested, or something else is wrong before that.
        """
        with suppress(yaml.YAMLError):  # the text is cut off, so this is no news
            _Builder(self.text, self.file, self.line_starts).run(_events(text.encode(), text))

    def run(self, next_event: Callable[[], Any]) -> Any:  # noqa: C901, PLR0912, PLR0915 -- the hot loop, in one frame
        """Turn events into values. A frame of ``stack`` is the parent, its key, its number and its anchor.

        What cannot occur in this file, going by its characters, is not looked for.
        """
        text, stack, open_anchors = self.text, self.stack, self.open_anchors
        marked, escaped = "!" in text or "&" in text, "\\" in text
        push_offset, merging = self.offsets.append, self.merging
        known_key, known_scalar = _KEYS.get, _SCALARS.get
        result: list[Any] = []
        container: Any = result
        key: Any = _AN_ITEM
        number, anchor = 0, None
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                value = event.value
                push_offset(event.start_mark.index)
                if key is _A_KEY:
                    key = known_key(value)
                    if key is None or (marked and (event.tag or event.anchor)):
                        key = self.unusual_key(value, event, container, number)
                    if key in container:
                        key = self.duplicate(container, number, key, event)
                    if merging and number in merging:
                        merging[number].append(key)
                    continue
                if not event.style and not (marked and event.tag):
                    value = known_scalar(value, _A_KEY)
                    if value is _A_KEY:
                        value = self.scalar(event)
                if escaped and event.style == '"':
                    self.check_escapes(value, event)
                if marked and (event.tag or event.anchor):
                    self.properties(value, event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if key is _A_KEY:
                    self.refuse_key(event)
                if marked and event.tag:
                    self.check_tag(event)
                if len(stack) >= MAX_DEPTH:
                    self.fail("Nested too deeply", f"More than {MAX_DEPTH} levels are nested here.", event)
                stack.append((container, key, number, anchor))
                number, anchor = len(self.offsets), event.anchor
                if anchor is not None:
                    open_anchors[anchor] = self.repeated
                push_offset(event.start_mark.index)
                container, key = ({}, _A_KEY) if kind is MappingStartEvent else ([], _AN_ITEM)
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = container
                if merging and number in merging:
                    self.finish_merge(container, number, event)
                if anchor is not None:
                    size = len(self.offsets) - number + self.repeated - open_anchors.pop(anchor, 0)
                    self.anchors[anchor] = (value, number, size)
                container, key, number, anchor = stack.pop()
            elif kind is AliasEvent:
                value = self.repeat(event, key)
            elif kind is DocumentStartEvent:
                self.begin_document(event)
                continue
            elif kind is StreamEndEvent:
                return result[0] if result else None
            else:
                continue
            if key is _AN_ITEM:
                container.append(value)
                if len(self.offsets) > MAX_NODES:
                    detail = f"The file holds more than {MAX_NODES:,} values. Long lists of leads belong in a CSV file."
                    self.fail("File too large", detail, event)
            else:
                container[key] = value
                key = _A_KEY

    def begin_document(self, event: Any) -> None:
        """Let one document begin, and no other."""
        self.documents += 1
        if self.documents > 1:
            detail = "A second document begins here. Take the --- out, or make two files of it."
            self.fail("More than one document", detail, event)

    def unusual_key(self, value: str, event: Any, container: Any, number: int) -> Any:
        """Check a key that is not yet known to be a plain word; return what its value goes under."""
        if event.style or event.tag:
            self.check_tag(event)
            self.check_escapes(value, event)
        elif value == "":
            self.fail("Key is missing", "There is a value here without a key before the colon.", event)
        elif not isinstance(read_scalar(value), str):
            self.problems.append(
                Diagnostic("Key is not text", f'Put the key in quotes: "{value}".', self.source(event))
            )
        elif value == "<<":
            return self.begin_merge(container, number)
        else:
            self.slip(event, is_key=True)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, len(self.offsets) - 1, 1)
        if value.isidentifier() and value not in _WORDS and len(_KEYS) < _MOST_KNOWN:
            _KEYS[value] = value
        return value

    def refuse_key(self, event: Any) -> NoReturn:
        """Give up at a list or block in the place of a key: mostly ``{{name}}`` without quotes."""
        source = self.source(event)
        line = self.text[self.line_starts[source.line - 1] :].partition("\n")[0]
        first = source.column - 2  # the outer one of two braces
        detail = unquoted_template(line, first) if first >= 0 else None
        if detail is not None:
            place = SourceLine(self.file, source.line, source.column - 1)
            raise ConfigError([*self.problems, Diagnostic("Unquoted {{…}}", detail, place)])
        self.fail("Key is not text", "A list or a block cannot be a key. Put the key in quotes.", event)

    def slip(self, event: Any, *, is_key: bool = False) -> bool:
        """Report an unquoted text that is not what it looks like; say whether it is one."""
        if event.value.isascii():
            return False
        space = odd_space(event.value)
        if space is not None and (space[0] == 0 or self.begins_a_line(event)):
            place = self.at(event.start_mark.index + space[0])
            self.problems.append(Diagnostic("Odd space", space[1], place))
            self.slips.append(place.line)
            return True
        if is_key:
            detail = curly_advice(event.value[0] + event.value[-1])
        else:
            in_brackets = _IN_BRACKETS.match(self.text, event.end_mark.index) is not None
            detail = curly_quotes(event.value) if in_brackets else None
        source = self.source(event)
        if detail is not None and source.line not in self.slips:
            self.problems.append(Diagnostic("Typographic quotes", detail, source))
            self.slips.append(source.line)
        return detail is not None

    def begins_a_line(self, event: Any) -> bool:
        """Say whether nothing but spaces and dashes stands before *event* on its line."""
        source = self.source(event)
        return not self.text[self.line_starts[source.line - 1] : event.start_mark.index].strip(" -")

    def scalar(self, event: Any) -> Any:
        """Return what an unquoted text means that was not met before."""
        value = read_scalar(event.value)
        if self.slip(event):
            return value
        if type(value) is int and len(event.value.lstrip("-")) > _MAX_DIGITS:
            detail = (
                f"A whole number of more than {_MAX_DIGITS} digits would not survive. Put it in quotes if it is text."
            )
            self.problems.append(Diagnostic("Number too long", detail, self.source(event)))
        elif len(event.value) <= _MAX_DIGITS and len(_SCALARS) < _MOST_KNOWN and event.value.isascii():
            _SCALARS[event.value] = value
        return value

    def properties(self, value: Any, event: Any) -> None:
        """Take note of the tag and the anchor of a scalar."""
        self.check_tag(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, len(self.offsets) - 1, 1)

    def source(self, event: Any) -> SourceLine:
        """Return where *event* begins."""
        return self.at(event.start_mark.index)

    def at(self, offset: int) -> SourceLine:
        """Return the line and column of a character."""
        line = bisect_right(self.line_starts, offset)
        return SourceLine(self.file, line, offset - self.line_starts[line - 1] + 1)

    def fail(self, summary: str, detail: str, event: Any) -> NoReturn:
        """Give up: what follows cannot be understood."""
        raise ConfigError([*self.problems, Diagnostic(summary, detail, self.source(event))])

    def check_tag(self, event: Any) -> None:
        """Refuse every tag but those that say "text", "list" and "block"."""
        if event.tag is not None and event.tag not in _ALLOWED_TAGS:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.problems.append(
                Diagnostic(
                    "Unknown tag",
                    f"{tag} is not allowed: values are plain text, numbers, true, false and null. "
                    "To read a file, write ${file:path}.",
                    self.source(event),
                )
            )

    def check_escapes(self, text: str, event: Any) -> None:
        """Refuse invisible characters that were written as escapes."""
        if (match := _UNSEEN.search(text)) is None:
            return
        written = self.text[event.start_mark.index : event.end_mark.index]
        if path := _WINDOWS_PATH.search(written):
            problem = Diagnostic(
                "Unknown escape", escape_advice(path[1]), self.at(event.start_mark.index + path.start(1))
            )
        else:
            problem = unseen(match[0], self.source(event))
        self.problems.append(problem)

    def duplicate(self, container: Mapping[Any, Any], number: int, key: Any, event: Any) -> _Mark:
        """Report a key that stands in its block twice; return what its value goes under, to keep both in order."""
        keys = {**self.merges, number: self.merged_keys(container, number)} if number in self.merging else self.merges
        partial = Document(self.file, container, array("I", self.offsets), self.line_starts, self.aliases, keys)
        wanted = Merged if key is _MERGE else key
        text = "<<" if key is _MERGE else key
        first = next((at for name, at in partial.keys(container, number) if wanted in (name, type(name))), None)
        line = partial.line_of(number if first is None else first).line
        self.problems.append(
            Diagnostic(
                "Duplicate key",
                f"{text} is written twice in this block, first on line {line}. YAML would silently drop one; keep one.",
                self.source(event),
            )
        )
        return _Mark()

    def begin_merge(self, container: Mapping[str, Any], number: int) -> _Mark:
        """Note that ``<<`` stands here and return what its value goes under until the block ends."""
        self.merging.setdefault(number, list(container))
        return _MERGE

    def merged_keys(self, container: Mapping[Any, Any], number: int) -> tuple[str | Merged, ...]:
        """Return the keys of a block in the order of the file."""
        return tuple(Merged(container.get(key)) if key is _MERGE else key for key in self.merging[number])

    def finish_merge(self, container: dict[Any, Any], number: int, event: Any) -> None:
        """Lay what ``<<`` brings under the keys of the block itself; of several, the first wins."""
        self.merges[number] = self.merged_keys(container, number)
        del self.merging[number]
        brought = container.pop(_MERGE)
        for source in brought if isinstance(brought, list) else [brought]:
            if not isinstance(source, dict):
                self.fail("Cannot merge", "<< takes a block, or a list of blocks, such as <<: *common.", event)
            for key, value in source.items():
                container.setdefault(key, value)

    def repeat(self, event: Any, key: Any) -> Any:
        """Return the value that an alias stands for."""
        name = event.anchor
        if key is _A_KEY:
            self.fail("Key is not text", "An alias cannot be a key. Write the key itself.", event)
        if name in self.open_anchors:
            self.fail("Recursive alias", f"*{name} stands inside &{name}, so the value would contain itself.", event)
        if name not in self.anchors:
            detail = f"There is no &{name} above. A text that begins with * has to be in quotes."
            self.fail("Unknown alias", detail, event)
        value, number, size = self.anchors[name]
        self.repeated += size
        if self.repeated > MAX_REPEATED_NODES:
            detail = f"Aliases repeat more than {MAX_REPEATED_NODES:,} values in this file. Write it without them."
            self.fail("Too many aliases", detail, event)
        if len(self.stack) + _height(value) > MAX_DEPTH:
            self.fail("Nested too deeply", f"More than {MAX_DEPTH} levels are nested here, with aliases.", event)
        self.aliases[len(self.offsets)] = number
        self.offsets.append(event.start_mark.index)
        return value


def _height(value: Any) -> int:
    """Return how many levels are nested in *value*; its nodes are few enough, see ``MAX_REPEATED_NODES``."""
    if isinstance(value, dict):
        return 1 + max(map(_height, value.values()), default=0)
    return 1 + max(map(_height, value), default=0) if isinstance(value, list) else 0
