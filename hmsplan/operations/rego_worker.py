"""Evaluates policies in a process of its own, without our environment: ``rego.evaluate`` starts and stops it.

It reads one JSON question on stdin and writes one JSON answer on stdout; nothing of hmsplan is imported here.

rego-cpp accepts much that OPA refuses to compile, a misspelt name say, and then such a rule never holds. So what it
compiles (OPA's IR, https://www.openpolicyagent.org/docs/ir) is looked through before anything is evaluated.
"""

from __future__ import annotations

import contextlib
import graphlib
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PACKAGES: Final = ("hmsplan", "main")
"""Those whose rules are policies; the second is conftest's. Every other one is a library of theirs."""

REACHING_OUT: Final = frozenset({"http.send", "net.lookup_ip_addr", "opa.runtime", "rand.intn", "uuid.rfc4122"})
"""Builtins that ask anything but the plan: the network, this machine, or chance."""

_MOST_RESULTS: Final = 50
_MOST_CHARACTERS: Final = 1000
_RULE: Final = r"(?:deny|violation|warn)(?:_\w+)?"
_HEAD: Final = re.compile(rf"^([ \t]*)({_RULE})(?=\s+contains\b)", re.MULTILINE)
_TEST: Final = re.compile(r"^test_\w+\b", re.MULTILINE)
_TOP: Final = re.compile(r"^\w+", re.MULTILINE)
_PACKAGE: Final = re.compile(r"^[ \t]*package[ \t]+([\w.]+)[ \t]*(?:#.*)?$", re.MULTILINE)
_WITH_INPUT: Final = re.compile(r"\bwith\s+input\s+as\s+")
_TOKEN: Final = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`]*`|#[^\n]*|[\[{(]|[\]})]|\w+|.|\n')
_SPECIAL: Final = re.compile(r'[\x00-\x1f"\\]')
_ERROR: Final = re.compile(r"\(error \d+:(\d*)\|(\d+)\|\d+\s*\(errormsg (\d+):")
_WRITTEN: Final = ("target", "result", "key", "local", "return")
_FORMAT: Final = """package hmsplan_text

format(text, values) := sprintf(text, [json.unmarshal(json.marshal(each)) | some each in values])
"""
"""rego-cpp's own sprintf puts quotes around what another builtin made: ``sprintf("%s", [lower("A")])`` is ``"a"``."""

_NEVER: Final = "Nothing gives a value to a name on this line, so the rule would never hold. Is it misspelt?"


class Problem(NamedTuple):
    """What keeps the policies from being evaluated, at a line of one of the files; 0 = of no line in particular."""

    file: int
    line: int
    text: str


class Rule(NamedTuple):
    """The head of a rule, and the entry point that evaluates it; of a test, also that of its input."""

    file: int
    line: int
    name: str
    entry: str
    given: str = ""


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Return what the rules of *question* give, or every problem that keeps them from giving it."""
    sources: list[str] = question["modules"]
    packages = [found[1] if (found := _PACKAGE.search(source)) else "" for source in sources]
    problems = [*_unparsable(sources), *_unnamed(packages)]
    if problems:
        return {"problems": problems}
    try:
        split, rules = (_tests if question["tests"] else _heads)(sources, packages, question["is_test"])
    except _Unfit as unfit:
        return {"problems": unfit.args[0]}
    engine = _Engine(split)
    named = {found[2] for source in split for found in _HEAD.finditer(source)}
    if problems := engine.build(packages, rules, named, question["is_test"]):
        return {"problems": problems}
    if not rules and not question["tests"]:
        return {"problems": [Problem(0, 0, "No file has a rule deny or warn. Write: deny contains message if { … }")]}
    _lock_up()
    if question["input"] is not None:
        engine.give(question["input"])
    return {"problems": [], "results": [engine.asked(rule) for rule in sorted(rules, key=lambda rule: rule.given)]}


class _Unfit(Exception):
    """Carries problems."""


class _Engine:
    """rego-cpp with some modules."""

    def __init__(self, sources: Sequence[str]) -> None:
        from regopy import Interpreter  # noqa: PLC0415 -- an extra
        from regopy import rego_shared as library  # noqa: PLC0415 -- an extra

        self.sources, self.library = sources, library
        self.interpreter = Interpreter()
        self.interpreter.log_level = library.LogLevel.NONE
        self.interpreter.strict_built_in_errors = True
        for number, source in enumerate([*map(_formatted, sources), _FORMAT]):
            self.interpreter.add_module(str(number), source)

    def build(
        self, packages: Sequence[str], rules: Sequence[Rule], named: set[str], is_test: Sequence[bool]
    ) -> list[Problem]:
        """Compile, and return what OPA would refuse, and rules that would never be asked."""
        query = "; ".join(f"data.{each}" for each in dict.fromkeys(packages))
        entries = [entry for rule in rules for entry in (rule.entry, rule.given) if entry]
        try:
            self.bundle = self.interpreter.build(query, list(dict.fromkeys(entries)))
            with tempfile.TemporaryDirectory() as folder:
                self.interpreter.save_bundle(f"{folder}/bundle", self.bundle)
                plan = json.loads(Path(folder, "bundle", "plan.json").read_text("utf-8"))
        except Exception as error:  # noqa: BLE001 -- whatever the library says of what it cannot compile
            return list(_told(str(error), self.sources)) or [Problem(0, 0, _first_words(str(error)))]
        functions = plan["funcs"]["funcs"]
        tested = {package for package, is_a_test in zip(packages, is_test, strict=True) if is_a_test}
        found = [
            *_unasked(functions, named, tested),
            *self._unknown(plan, {each["name"] for each in functions}),
            *_recursive(functions),
            *_without_value(plan),
        ]
        lines = [*(source.count("\n") + 1 for source in self.sources), 0]
        return sorted({each for each in found if each.line <= lines[each.file]})

    def _unknown(self, plan: dict[str, Any], ours: set[str]) -> Iterator[Problem]:
        for call, (file, line) in _calls(plan):
            if call in REACHING_OUT:
                yield Problem(file, line, f"{call} may not be used: a policy sees the plan, and nothing else")
            elif call not in ours and not self.interpreter.is_builtin(call):
                yield Problem(file, line, f"There is no function {call}, so the rule would never hold")

    def give(self, value: Any) -> None:
        """Set the input."""
        from regopy import Input  # noqa: PLC0415 -- an extra

        self.interpreter.set_input(Input(_escaped(value)))

    def asked(self, rule: Rule) -> dict[str, Any]:
        """Return what *rule* gives: messages of a policy, whether a test holds, or an error."""
        try:
            if rule.given:
                self.give(self._value(rule.given))
            value, error = self._value(rule.entry), ""
        except json.JSONDecodeError as unreadable:
            value, error = None, f"what it gives cannot be read ({unreadable})"
        except ValueError as ended:
            value, error = None, str(ended)
        messages = sorted(map(_message, value if isinstance(value, list) else []), key=json.dumps)
        kept = messages[:_MOST_RESULTS]
        return {
            "file": rule.file,
            "line": rule.line,
            "rule": rule.name,
            "error": error,
            "holds": value is True,
            "messages": kept,
            "more": len(messages) - len(kept),
        }

    def _value(self, entry: str) -> Any:
        """Evaluate one entry point; None when it is undefined. ``query_bundle_entrypoint`` would hide an error."""
        library = self.library
        output = library.rego_bundle_query_entrypoint(self.interpreter._impl, self.bundle._impl, entry)  # noqa: SLF001
        try:
            text = library.rego_output_string(output)
            if not library.rego_output_ok(output):
                raise ValueError("a builtin cannot take its arguments (null, say), or a rule has two values")
        finally:
            library.rego_free_output(output)
        if text == "undefined":
            return None
        (value,) = json.loads(text, strict=False)["expressions"]
        return value


def _heads(sources: Sequence[str], packages: Sequence[str], _is_test: Sequence[bool]) -> tuple[list[str], list[Rule]]:
    """Give every head of a policy a name of its own, which tells where a result is from; the old name has them all.

    No line moves.
    """
    split, rules = [], []
    for number, (source, package) in enumerate(zip(sources, packages, strict=True)):
        if package not in PACKAGES:
            split.append(source)
            continue
        heads = [(_line(source, found.start(2)), found[2]) for found in _HEAD.finditer(source)]
        names = [f"{name}__{number}_{line}" for line, name in heads]
        rest = iter(names)
        renamed = _HEAD.sub(lambda found, rest=rest: found[1] + next(rest), source)  # type: ignore[misc]
        unions = [f"{name} contains x if {{ some x in {own} }}" for (_, name), own in zip(heads, names, strict=True)]
        split.append("\n".join([renamed, *unions]))
        rules += [Rule(number, line, name, f"{package}/{own}") for (line, name), own in zip(heads, names, strict=True)]
    return split, rules


def _tests(sources: Sequence[str], packages: Sequence[str], is_test: Sequence[bool]) -> tuple[list[str], list[Rule]]:
    """Return the tests, each with the rule that holds its input.

    rego-cpp cannot follow ``with input as`` into a comprehension, so the input of a test is set before it is evaluated.

    Raises:
        _Unfit: a test has several inputs.
    """
    split, rules, problems = [], [], []
    for number, (source, package) in enumerate(zip(sources, packages, strict=True)):
        tests = list(_TEST.finditer(source)) if is_test[number] else []
        starts = [found.start() for found in _TOP.finditer(source)]
        added = []
        for test in reversed(tests):
            end = next((start for start in starts if start > test.start()), len(source))
            body, terms = _without_input(source[test.start() : end])
            line, folder = _line(source, test.start()), package.replace(".", "/")
            if len(set(terms)) > 1:
                problems.append(Problem(number, line, f"{test[0]} has several inputs. Make a test of each"))
            given = f"input__{number}_{line}" if terms else ""
            added += [f"{given} := {terms[0]}"] if terms else []
            rules.append(Rule(number, line, test[0], f"{folder}/{test[0]}", given and f"{folder}/{given}"))
            source = source[: test.start()] + body + source[end:]  # noqa: PLW2901 -- from its end to its beginning
        split.append("\n".join([source, *added]))
    if problems:
        raise _Unfit(problems)
    return split, rules


def _without_input(body: str) -> tuple[str, list[str]]:
    """Take each ``with input as TERM`` out of *body*, and return the terms too; no line moves."""
    terms = []
    while found := _WITH_INPUT.search(body):
        end = _end_of_term(body, found.end())
        terms.append(" ".join(body[found.end() : end].split("\n")))
        body = body[: found.start()] + "\n" * body.count("\n", found.start(), end) + body[end:]
    return body, terms


def _end_of_term(text: str, at: int) -> int:
    depth = 0
    while found := _TOKEN.match(text, at):
        piece = found[0]
        if piece in "[{(":
            depth += 1
        elif piece in "]})":
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and not (piece == "." or piece[0] in '"`' or re.match(r"\w", piece)):
            break
        at = found.end()
    return at


def _formatted(source: str) -> str:
    """Return *source* with ``_FORMAT`` for sprintf."""
    pieces = [found[0] for found in _TOKEN.finditer(source)]
    return "".join("data.hmsplan_text.format" if piece == "sprintf" else piece for piece in pieces)


def _message(value: Any) -> dict[str, str]:
    """Return a result as three texts of bounded length, whatever it is."""
    found = value if isinstance(value, dict) and isinstance(value.get("msg"), str) else {"msg": value}
    texts = {name: found.get(name) for name in ("msg", "address", "severity")}
    return {
        name: _cut(text if isinstance(text, str) else json.dumps(text, ensure_ascii=False))
        for name, text in texts.items()
        if text is not None or name == "msg"
    }


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + "…"


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def _unparsable(sources: Sequence[str]) -> Iterator[Problem]:
    """Yield what is no Rego, of every file: each is read by itself."""
    for number, source in enumerate(sources):
        try:
            _Engine([source])
        except ImportError:
            raise
        except Exception as error:  # noqa: BLE001 -- see above
            found = [Problem(number, line, told) for _, line, told in _told(str(error), [source])]
            yield from found or [Problem(number, 0, _first_words(str(error)))]


def _told(error: str, sources: Sequence[str]) -> Iterator[Problem]:
    """Yield the errors of a message of rego-cpp, one a line of a file."""
    seen = set()
    for found in _ERROR.finditer(error):
        number = int(found[1] or 0)
        if number >= len(sources):
            continue
        line = sources[number].encode()[: int(found[2])].count(b"\n") + 1
        if (number, line) not in seen:
            seen.add((number, line))
            yield Problem(number, line, error[found.end() :][: int(found[3])])


def _first_words(error: str) -> str:
    return " ".join(error.split())[:200] or "It is not understood"


def _unnamed(packages: Sequence[str]) -> Iterator[Problem]:
    for number, name in enumerate(packages):
        if not name:
            yield Problem(number, 1, f"It does not say its package. Begin it with: package {PACKAGES[0]}")


def _unasked(functions: Sequence[dict[str, Any]], named: set[str], tested: set[str]) -> Iterator[Problem]:
    """Yield rules that look like policies and are none: they would be skipped without a word."""
    for function in functions:
        package, _, name = function["name"].removeprefix("g0.data.").rpartition(".")
        if not re.fullmatch(_RULE, name):
            continue
        file, line = next(_places(function), (0, 0))
        if package in PACKAGES and name not in named:
            yield Problem(file, line, f"{name} is not a set of messages. Write: {name} contains message if {{ … }}")
        elif package not in PACKAGES and package not in tested:
            wanted = " or ".join(PACKAGES)
            yield Problem(file, line, f"{name} is never asked, because its package is {package}, and not {wanted}")


def _places(node: Any) -> Iterator[tuple[int, int]]:
    """Yield the file and line of each statement below *node*."""
    if isinstance(node, dict):
        if "row" in node:
            yield node["file"], node["row"] + 1
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _places(each)


def _calls(node: Any, at: tuple[int, int] = (0, 0)) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the function of each call below *node*, and where it stands."""
    if isinstance(node, dict):
        if "row" in node:
            at = node["file"], node["row"] + 1
        if isinstance(name := node.get("func"), str):
            yield name, at
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _calls(each, at)


def _recursive(functions: Sequence[dict[str, Any]]) -> Iterator[Problem]:
    uses = {function["name"]: {name for name, _ in _calls(function["blocks"])} for function in functions}
    try:
        graphlib.TopologicalSorter(uses).prepare()
    except graphlib.CycleError as error:
        names = [name.rpartition(".")[2] for name in error.args[1]]
        first = next(function for function in functions if function["name"] == error.args[1][0])
        file, line = next(_places(first), (0, 0))
        yield Problem(file, line, f"It needs itself: {' -> '.join(names)}")


def _without_value(plan: dict[str, Any]) -> Iterator[Problem]:
    """Yield where a variable is read that nothing writes: OPA's "var is unsafe"."""
    written, read = {0, 1}, dict[int, tuple[int, int]]()

    def look(node: Any, at: tuple[int, int]) -> None:
        if isinstance(node, list):
            for each in node:
                look(each, at)
        elif isinstance(node, dict) and node.get("type") == "local":
            read.setdefault(node["value"], at)
        elif isinstance(node, dict):
            if "row" in node:
                at = node["file"], node["row"] + 1
            written.update(value for name in _WRITTEN if isinstance(value := node.get(name), int))
            written.update(node.get("params", ()))
            if "key" in node and isinstance(node.get("value"), int):  # of a loop
                written.add(node["value"])
            look(list(node.values()), at)

    look([plan["funcs"], plan["plans"]], (0, 0))
    yield from (Problem(*at, _NEVER) for local, at in read.items() if local not in written)


def _escaped(value: Any) -> Any:
    """Return *value* with its texts as they stand in JSON: so does rego-cpp keep what it reads itself."""
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False)[1:-1] if _SPECIAL.search(value) else value
        case dict():
            return {_escaped(key): _escaped(item) for key, item in value.items()}
        case list():
            return [_escaped(item) for item in value]
        case int() if abs(value) >= 2**63:
            return float(value)
        case _:
            return value


def _lock_up() -> None:
    """Take from this process what no evaluation needs: files and the network; time zones are read before."""
    from regopy import Interpreter  # noqa: PLC0415 -- an extra

    Interpreter().query('time.clock([0, "Etc/UTC"])')
    with contextlib.suppress(ImportError):  # not on Windows
        import resource  # noqa: PLC0415

        for limit in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE):
            resource.setrlimit(limit, (0, 0))


def main() -> None:
    """Answer the question on stdin."""
    question = json.load(sys.stdin)
    sys.path[:] = question["path"]
    with os.fdopen(os.dup(1), "w") as said:
        os.dup2(2, 1)  # what a policy prints is no part of the answer
        json.dump(answer(question), said)


if __name__ == "__main__":
    main()
