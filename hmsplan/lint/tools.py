"""The tools of a resource, each in its flat form, and the names of tools in a prompt. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.kinds import KINDS, tool_forms
from hmsplan.kinds.expand import expanded
from hmsplan.lint.json_schema import faults
from hmsplan.lint.rule import Hit
from hmsplan.model import pattern, values_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hmsplan.lint.json_schema import Fault, Wrong
    from hmsplan.lint.rule import ResourceCheck
    from hmsplan.lint.view import View
    from hmsplan.model import Address, FieldPath, Resource

FUNCTION: Final = "function"
END_CALL: Final = "end_call"
TRANSFER: Final = "transfer_call"
KINDS_WITH_TOOLS: Final = ("assistants", "tool_templates", "workflows")
_PLACES: Final = {
    "assistants": pattern("llm_config.tools"),
    "workflows": pattern("definition.nodes[].tools"),
    "tool_templates": pattern("tool_config"),
}


class Tool(NamedTuple):
    """One tool.

    Attributes:
        path: where it stands, list items by index.
        form: the flat form; see ``kinds.tool_forms``.
        name: what the model calls it: its name, or the type of a built-in.
        kind: ``function`` for a webhook, or the type.
        written: as it is written there; of a template, its ``tool_config``.
        template: that was pasted in here; None for a tool of the resource's own.
    """

    path: FieldPath
    form: Mapping[str, Any]
    name: str
    kind: str
    written: Mapping[str, Any]
    template: Address | None = None

    def at(self, field: str, *more: str | int) -> FieldPath:
        """Return the path of a field of the flat form, where it is written; of the tool where it is not."""
        if field in self.written:
            return (*self.path, field, *more)
        for block in ("function", "server"):
            if isinstance(found := self.written.get(block), dict) and field in found:
                return (*self.path, block, field, *more)
        return self.path

    def text(self, field: str) -> str:
        """Return a text of the flat form; "" for none."""
        found = self.form.get(field)
        return found if isinstance(found, str) else ""


def tools_of(resource: Resource, view: View) -> tuple[Tool, ...]:
    """Return every tool of a resource, those that a template brings among them."""
    return view.once(_tools, resource)


def _tools(resource: Resource, _view: View) -> tuple[Tool, ...]:
    return tuple(_read(resource))


def own_tools(resource: Resource, view: View) -> Iterator[Tool]:
    """Yield the tools that are written in the resource itself: a template is looked at once, where it stands."""
    return (tool for tool in tools_of(resource, view) if tool.template is None)


def own_functions(resource: Resource, view: View) -> Sequence[Tool]:
    """Return the webhook tools among ``own_tools``."""
    return view.once(_own_functions, resource)


def _own_functions(resource: Resource, view: View) -> Sequence[Tool]:
    return [tool for tool in own_tools(resource, view) if tool.kind == FUNCTION]


def functions_named(view: View) -> Mapping[str, Address]:
    """Return the names of all webhook tools of the stack, each with a resource that has it, templates before others."""
    return view.once_for_all(_functions_named)


def _functions_named(view: View) -> Mapping[str, Address]:
    names: dict[str, Address] = {}
    for kind in ("tool_templates", "assistants", "workflows"):
        for resource in view.of_kind(kind):
            for tool in own_functions(resource, view):
                names.setdefault(tool.name, resource.address)
    return names


def hits_of(wrong: Wrong) -> ResourceCheck:
    """Return the check of a rule that looks for one fault of parameters; see ``json_schema``."""

    def check(resource: Resource, view: View) -> Iterator[Hit]:
        for tool, fault in view.once(_faults, resource):
            if fault.wrong is wrong:
                yield Hit(f"{tool.name}: {fault.detail}", tool.at("parameters", *fault.path))

    return check


def _faults(resource: Resource, view: View) -> tuple[tuple[Tool, Fault], ...]:
    """Return what is wrong with the parameters of the resource's own tools."""
    return tuple(
        (tool, fault)
        for tool in own_functions(resource, view)
        if isinstance(parameters := tool.form.get("parameters"), dict)
        for fault in faults(parameters)
    )


def _read(resource: Resource) -> Iterator[Tool]:
    where = _PLACES.get(resource.address.kind)
    if where is None:
        return
    if resource.address.kind == "tool_templates":
        config, form = resource.spec.get("tool_config"), expanded(KINDS["tool_templates"], resource.spec)
        if form and isinstance(config, dict):
            yield Tool(where, form, tool_forms.tool_name(form), form.get("type", FUNCTION), config)
        return
    pasted = dict(resource.via)
    nodes = resource.spec.get("definition", {}).get("nodes", ()) if resource.address.kind == "workflows" else ()
    for path, tools in values_at(resource.spec, where):
        at = path if not nodes else (*path[:2], nodes[path[2]].get("id"), path[3])
        for index, item in enumerate(tools if isinstance(tools, list) else ()):
            if isinstance(item, dict):
                form = tool_forms.tool(item)
                name = tool_forms.tool_name(form)
                template = pasted.get((*at, name)) if pasted else None
                yield Tool((*path, index), form, name, form.get("type", FUNCTION), item, template)


# Names in prompts

_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+|[a-z][a-z0-9]*(?:[A-Z][a-z0-9]+)+")
_TICKED: Final = re.compile(r"`([A-Za-z][\w-]{2,63})(\(\))?`")
_BARE: Final = re.compile(r"(?<![\w`{$./@-])[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+(?![\w`}-]|\.\w|@)(\(\))?")
_NOUN: Final = re.compile(r"[`'\"”]?[ \t-]+(?:tool|function)\b", re.IGNORECASE)
_USES: Final = frozenset({"use", "using", "gebruik", "verwende", "nutze", "utilise", "utilisez", "usa"})
_CALLS: Final = frozenset(
    {"call", "invoke", "run", "trigger", "execute", "roep", "rufe", "appelle", "appelez", "llama", "ejecuta"}
)
_BETWEEN: Final = frozenset(
    {"the", "de", "het", "die", "das", "la", "le", "el", "tool", "function", "functie", "funktion", "outil", "fonction"}
)
_NOT: Final = frozenset(
    {"not", "never", "don't", "niet", "nooit", "geen", "nicht", "nie", "kein", "keine", "ne", "jamais", "no", "nunca"}
)
_BEFORE: Final = 48  # characters


class Named(NamedTuple):
    """A name in a prompt that has the form of a tool's.

    Attributes:
        is_code: it stands between backticks.
        is_order: the words around it tell the model to use it.
        is_called: and they leave no doubt that it is a tool.
        is_denied: they tell it not to.
    """

    name: str
    offset: int
    is_code: bool
    is_order: bool
    is_called: bool
    is_denied: bool


def names_in(prompt: str, known: Collection[str] = ()) -> Iterator[Named]:
    """Yield each name of the form ``look_up`` or ``lookUp`` in *prompt*; the latter between backticks only.

    What is *known* is left out.
    """
    ticked = list(_TICKED.finditer(prompt)) if "`" in prompt else []
    for match in ticked:
        if match[1] not in known and _IDENTIFIER.fullmatch(match[1]):
            yield _named(prompt, match[1], match.start(1), match.end(1), is_called=bool(match[2]))
    all_ticked = prompt.count("_") == sum(match[1].count("_") for match in ticked)
    for match in () if all_ticked else _bare(prompt):
        if (name := match[0].removesuffix("()")) in known:
            continue
        yield _named(prompt, name, match.start(), match.start() + len(name), is_called=bool(match[1]))


def _bare(prompt: str) -> Iterator[re.Match[str]]:
    """Do what ``_BARE.finditer`` does, and look at nothing but the words with a ``_``: prompts are long."""
    at = prompt.find("_")
    while at >= 0:
        start = at
        while start and (prompt[start - 1].isalnum() or prompt[start - 1] == "_"):
            start -= 1
        match = _BARE.match(prompt, start)
        if match is not None:
            yield match
        end = at + 1 if match is None else match.end()
        while end < len(prompt) and (prompt[end].isalnum() or prompt[end] == "_"):
            end += 1
        at = prompt.find("_", end)


def _named(prompt: str, name: str, start: int, end: int, *, is_called: bool) -> Named:
    line = prompt[max(0, start - _BEFORE) : start].rpartition("\n")[2].lower()
    words = [word.strip("`'\"“*_,:;()") for word in line.split()]
    verb = next((word for word in reversed(words) if word and word not in _BETWEEN), "")
    is_called = is_called or verb in _CALLS or _NOUN.match(prompt, end) is not None
    return Named(
        name, start, prompt[start - 1 : start] == "`", is_called or verb in _USES, is_called, not _NOT.isdisjoint(words)
    )
