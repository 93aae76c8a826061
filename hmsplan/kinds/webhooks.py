"""Which events of a call a stack has the platform send, and where to. Pure.

"Target: tool url, else assistant webhook_url, else the account webhook", which stands in the dashboard, not in the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.kinds import tool_forms
from hmsplan.kinds.assistants import ASSISTANTS
from hmsplan.kinds.numbers import NUMBERS
from hmsplan.kinds.workflows import WORKFLOWS
from hmsplan.model import Ref, Secret, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.kinds.kind import Kind
    from hmsplan.model import Address, FieldPath, Resource, Stack

OVERRIDDEN: Final[Kind] = ASSISTANTS
"""The kind of object whose fields an answer may replace for one call."""
TRANSIENT: Final = "TransientAssistant"
"""The schema of one that lives for one call."""
_SCHEMA: Final = ("analysis_plan", "structured_data_plan")


class Hook(NamedTuple):
    """The webhook of one assistant.

    Attributes:
        assistant: whose it is.
        url: None = the webhook of the account.
        secret: signs what is sent there, and the calls of tools that have no secret of their own.
        events: that it gets; None = all.
    """

    assistant: Resource
    url: str | None
    secret: Secret | None
    events: frozenset[str] | None

    def gets(self, event: str) -> bool:
        """Say whether it gets an event; the calls of its tools always come, because each has to be answered."""
        return self.events is None or event in self.events


class ToolCall(NamedTuple):
    """A tool that is called over HTTP.

    Attributes:
        resource: in which it stands, and *path* where.
        named: where its name is written; of a template, there.
        parameters: JSON Schema of its arguments; None = it takes any.
        arguments: that are always the same ones; None = the model chooses them.
        url: its own; None = the webhook of the assistant.
        hook: of the assistant that calls it; None = it is not known which one does.
        is_async: the call does not wait for the answer.
    """

    resource: Resource
    path: FieldPath
    named: FieldPath
    name: str
    parameters: Mapping[str, Any] | None
    arguments: Mapping[str, Any] | None
    url: str | None
    own_secret: Secret | None
    hook: Hook | None
    is_async: bool

    @property
    def target(self) -> str | None:
        """Where the call goes; None = to the webhook of the account."""
        return self.url or (self.hook.url if self.hook else None)

    @property
    def secret(self) -> Secret | None:
        """What signs the call; that the secret of the assistant does where the tool has none is inferred."""
        return self.own_secret or (self.hook.secret if self.hook else None)


class Line(NamedTuple):
    """A number that an assistant answers."""

    resource: Resource
    number: str
    hook: Hook


def hooks(stack: Stack) -> Iterator[Hook]:
    """Yield the webhook of every assistant, those without one of their own too."""
    for resource in _of(stack, ASSISTANTS):
        url, secret, events = (resource.spec.get(name) for name in ("webhook_url", "webhook_secret", "webhook_events"))
        chosen = frozenset(map(str, events)) if isinstance(events, list) else None
        yield Hook(resource, _text(url), _secret(secret), chosen)


def lines(stack: Stack) -> Iterator[Line]:
    """Yield every number that an assistant of the stack answers."""
    known = {hook.assistant.address: hook for hook in hooks(stack)}
    for resource in _of(stack, NUMBERS):
        hook = known.get(_address(resource.spec.get("agent_id")))  # type: ignore[arg-type]  # None is no address
        if hook is not None:
            yield Line(resource, str(resource.spec["phone_number"]), hook)


def tool_calls(stack: Stack) -> Iterator[ToolCall]:
    """Yield every tool that is called over HTTP: of assistants, and of the nodes of workflows by who runs them."""
    for hook in hooks(stack):
        yield from _tools(hook.assistant, ("llm_config", "tools"), hook)
    runs: dict[Address, dict[Address, Hook]] = {}
    for line in lines(stack):
        workflow = _address(line.resource.spec.get("workflow_id"))
        if workflow is not None:
            runs.setdefault(workflow, {})[line.hook.assistant.address] = line.hook
    for resource in _of(stack, WORKFLOWS):
        for caller in runs.get(resource.address, {}).values() or (None,):
            yield from _of_nodes(resource, caller)


def analysis_schema(assistant: Resource) -> tuple[FieldPath, Mapping[str, Any]] | None:
    """Return the JSON Schema of what the end report of an assistant's calls has as analysis, and where it stands."""
    plan = value_at(assistant.spec, _SCHEMA)
    schema = plan.get("schema") if isinstance(plan, dict) and plan.get("enabled") is True else None
    return ((*_SCHEMA, "schema"), schema) if isinstance(schema, dict) else None


def first_message(assistant: Resource) -> str:
    """Return what an assistant says first; "" when the stack does not say."""
    return _text(assistant.spec.get("first_message")) or ""


def _of(stack: Stack, kind: Kind) -> Iterator[Resource]:
    return (resource for address, resource in sorted(stack.resources.items()) if address.kind == kind.name)


def _of_nodes(workflow: Resource, hook: Hook | None) -> Iterator[ToolCall]:
    nodes = value_at(workflow.spec, ("definition", "nodes"))
    for index, node in enumerate(nodes if isinstance(nodes, list) else ()):
        path = ("definition", "nodes", index)
        if node.get("type") == "tool":
            arguments = node.get("arguments") or {}
            url = _text(node.get("url"))
            named = (*path, "tool_name")
            yield ToolCall(workflow, path, named, node["tool_name"], None, arguments, url, None, hook, is_async=False)
        else:
            yield from _tools(workflow, (*path, "tools"), hook)


def _tools(resource: Resource, path: FieldPath, hook: Hook | None) -> Iterator[ToolCall]:
    written = value_at(resource.spec, path)
    for index, item in enumerate(written if isinstance(written, list) else ()):
        form = tool_forms.tool(item)
        if not isinstance(form, dict) or "type" in form:
            continue  # built in, or of an MCP server
        parameters = form.get("parameters")
        yield ToolCall(
            resource,
            (*path, index),
            (*path, index, *(("function",) if "function" in item else ()), "name"),
            tool_forms.tool_name(form),
            parameters if isinstance(parameters, dict) else None,
            None,
            _text(form.get("url")),
            _secret(value_at(form, ("server", "secret"))),
            hook,
            is_async=form.get("async") is True,
        )


def _address(value: Any) -> Address | None:
    return value.address if isinstance(value, Ref) else None


def _secret(value: Any) -> Secret | None:
    return value if isinstance(value, Secret) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
