"""Every place to which audio or text of a call leaves the platform, with whose it is and where, as far as is known."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from hmsplan.catalog import BLOCKS, catalog
from hmsplan.kinds import tool_forms
from hmsplan.model import Address, Ref, pattern, values_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.catalog import Company
    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource

_UNION: Final = (
    *("EU", "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU"),
    *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
EEA: Final = frozenset([*_UNION, "IS", "LI", "NO"])
"""Where the GDPR applies: the Union, and by Decision 154/2018 of the EEA Joint Committee also IS, LI and NO."""
NOT_DECLARED: Final = "(not declared here)"
PLATFORM: Final = "(the platform's choice)"
_OF_NUMBER: Final = "The country code of the number"


class Part(enum.StrEnum):
    """What a place does with what it gets."""

    LISTENS = "speech to text"
    THINKS = "language model"
    SPEAKS = "text to speech"
    REALTIME = "realtime model"
    PROVIDER_TOOL = "tool of the provider"
    TOOL = "tool"
    MCP = "MCP server"
    WEBHOOK = "webhook"
    ANALYSIS = "analysis"
    MAIL = "mail"
    TRANSFER = "transfer"
    TRUNK = "trunk"


class Verdict(enum.StrEnum):
    """Whether the EEA is left; see ``Flow.verdict``."""

    INSIDE = "inside"
    FOREIGN_LAW = "inside, by a company outside"
    OUTSIDE = "outside"
    UNKNOWN = "not known"


class Flow(NamedTuple):
    """One way out.

    Attributes:
        address, path: the field that says so; an empty path where it is what no field says.
        carries: "audio", "text", or both.
        receiver: provider, host or country, as it can be shown.
        company: who that is; None = not known.
        region: two letters of the country where it is processed, or EU; None = not known.
        source: where company and region can be read.
    """

    part: Part
    address: Address
    path: FieldPath
    carries: str
    receiver: str
    company: Company | None = None
    region: str | None = None
    source: str = ""

    @property
    def region_in_eea(self) -> bool | None:
        """Whether it is processed in the EEA; None = not known."""
        return None if self.region is None else self.region in EEA

    @property
    def seat_in_eea(self) -> bool | None:
        """Whether its company is under the law of a country of the EEA; None = not known."""
        seat = self.company.seat if self.company is not None else None
        return None if seat is None else seat in EEA

    @property
    def verdict(self) -> Verdict:
        """Whether the EEA is left: by where it is processed, and by whose law its company is under."""
        if self.region_in_eea is None:
            return Verdict.UNKNOWN
        if not self.region_in_eea:
            return Verdict.OUTSIDE
        return Verdict.FOREIGN_LAW if self.seat_in_eea is False else Verdict.INSIDE


_PARTS: Final = dict(zip(BLOCKS, (Part.LISTENS, Part.THINKS, Part.SPEAKS), strict=True))
_CARRIES: Final = {Part.LISTENS: "audio", Part.REALTIME: "audio, text"}
_NODE_TOOLS: Final = pattern("definition.nodes[].tools[]")


def flows(resource: Resource, view: View) -> tuple[Flow, ...]:
    """Return every way out of a call that an assistant or a workflow leads; none for a resource of another kind.

    The platform itself, through which all of it goes, is not among them. What is null, or not of the form that is
    known, leads nowhere; a block that is not declared leads to what somebody else chose.
    """
    match resource.address.kind:
        case "assistants":
            return tuple(_of_assistant(resource, view))
        case "workflows":
            return tuple(_of_workflow(resource))
        case _:
            return ()


def handled_by_models(assistant: Resource) -> Iterator[Flow]:
    """Yield those of ``flows`` that the blocks of an assistant declare: who listens, thinks and speaks."""
    for block in BLOCKS:
        yield from _of_block(assistant.address, (block,), assistant.spec.get(block))


def leading(view: View) -> Iterator[Resource]:
    """Yield every resource that leads calls, assistants first."""
    for kind in ("assistants", "workflows"):
        yield from view.of_kind(kind)


def _of_assistant(assistant: Resource, view: View) -> Iterator[Flow]:
    spec, address = assistant.spec, assistant.address
    thinks = catalog().find("llm_config", spec.get("llm_config"))
    realtime = thinks is not None and thinks.realtime
    for block in BLOCKS:
        if block in spec:
            yield from _of_block(address, (block,), spec[block])
        elif not (realtime and block != "llm_config"):
            yield Flow(_PARTS[block], address, (), _CARRIES.get(_PARTS[block], "text"), NOT_DECLARED)
    for path, tool in values_at(spec, pattern("llm_config.provider_tools[]")):
        if isinstance(tool, dict) and thinks is not None:
            company = catalog().company(thinks)
            yield Flow(
                Part.PROVIDER_TOOL, address, path, "text", str(tool.get("type")), company, source=company.source or ""
            )
    hook = spec.get("webhook_url")
    for path, tool in values_at(spec, pattern("llm_config.tools[]")):
        yield from _of_tool(assistant, path, tool, view, hook)
    if isinstance(hook, str):
        yield Flow(Part.WEBHOOK, address, ("webhook_url",), "text", _host(hook))
    if isinstance(plan := spec.get("analysis_plan"), dict) and _extracts(plan):
        yield Flow(Part.ANALYSIS, address, ("analysis_plan",), "text", PLATFORM)
    yield from _of_mail(assistant, view)
    for number in view.users(address):
        yield from _of_trunk(number, view)


def _of_workflow(workflow: Resource) -> Iterator[Flow]:
    address = workflow.address
    for path, node in values_at(workflow.spec, pattern("definition.nodes[]")):
        if not isinstance(node, dict):
            continue
        for block in BLOCKS:
            if isinstance(config := node.get(block), dict) and "provider" in config:
                yield from _of_block(address, (*path, block), config)
        if isinstance(node.get("url"), str):
            yield Flow(Part.TOOL, address, (*path, "url"), "text", _host(node["url"]))
        if isinstance(node.get("destination"), str):
            yield _to_number(address, (*path, "destination"), node["destination"])
    for path, tool in values_at(workflow.spec, _NODE_TOOLS):
        yield from _of_tool(workflow, path, tool, None, None)


def _of_block(address: Address, path: FieldPath, config: Any) -> Iterator[Flow]:
    """Yield where a block sends what it gets; nothing for one that is null."""
    if not isinstance(config, dict):
        return
    block = str(path[-1])
    known = catalog().find(block, config)
    part = Part.REALTIME if known is not None and known.realtime else _PARTS[block]
    carries, at = _CARRIES.get(part, "text"), (*path, "provider")
    if known is None:
        name = config.get("provider")
        yield Flow(part, address, at, carries, name if isinstance(name, str) else NOT_DECLARED)
        return
    company, region = catalog().company(known), known.region_of(config)
    source = (known.region_source if region is not None else company.source) or ""
    by = known.region_by
    if by is not None and region is not None:
        at = (*path, by.field)
    yield Flow(part, address, at, carries, known.provider, company, region, source)


def _of_tool(owner: Resource, path: FieldPath, tool: Any, view: View | None, hook: Any) -> Iterator[Flow]:
    """Yield where a tool sends its arguments, or the caller."""
    if not isinstance(tool, dict):
        return
    flat, address = tool_forms.tool(tool), owner.address
    if flat.get("type") == "mcp":
        server = flat.get("mcp_server_id")
        found = view.stack.resources.get(server.address) if view is not None and isinstance(server, Ref) else None
        url = found.spec.get("url") if found is not None else None
        yield Flow(
            Part.MCP, address, (*path, "mcp_server_id"), "text", _host(url) if isinstance(url, str) else NOT_DECLARED
        )
        return
    for index, destination in enumerate(flat.get("destinations") or ()):
        if isinstance(destination, dict) and isinstance(destination.get("number"), str):
            at = (*path, "destinations", index, "number")
            yield _to_number(address, at, destination["number"])
    if flat.get("type") is None:
        url = flat.get("url", hook)
        yield Flow(Part.TOOL, address, path, "text", _host(url) if isinstance(url, str) else NOT_DECLARED)


def _of_mail(assistant: Resource, view: View) -> Iterator[Flow]:
    """Yield by whom reports are mailed: with a mail domain by its own provider, else by the platform."""
    fields = [name for name in ("notification_email", "notification_emails") if assistant.spec.get(name)]
    for name in fields[:1]:
        if not view.of_kind("domain"):
            yield Flow(Part.MAIL, assistant.address, (name,), "text", PLATFORM)
            continue
        company = catalog().companies["resend"]
        yield Flow(
            Part.MAIL,
            assistant.address,
            (name,),
            "text",
            "resend",
            company,
            company.region,
            company.source or "",
        )


def _of_trunk(number: Resource, view: View) -> Iterator[Flow]:
    """Yield through whose trunk a number passes calls on."""
    trunk = number.spec.get("transfer_trunk_id")
    found = view.stack.resources.get(trunk.address) if isinstance(trunk, Ref) else None
    host = found.spec.get("address") if found is not None else None
    if found is not None and isinstance(host, str):
        yield Flow(Part.TRUNK, found.address, ("address",), "audio", host)


def _to_number(address: Address, path: FieldPath, number: str) -> Flow:
    country = _country(number)
    return Flow(Part.TRANSFER, address, path, "audio", _masked(number), None, country, _OF_NUMBER if country else "")


def _country(number: str) -> str | None:
    """Return two letters of the country of a number; None for one of no country, or that is not a number."""
    from phonenumbers import NumberParseException, parse, region_code_for_number  # noqa: PLC0415 -- 20 ms

    try:
        found = region_code_for_number(parse(number))
    except NumberParseException:
        return None
    return found if found is not None and found.isalpha() else None


def _masked(number: str) -> str:
    """Return a number of which the digits in the middle cannot be read."""
    return f"{number[:3]} •••• {number[-2:]}"


def _host(url: str) -> str:
    """Return the host of a URL, without credentials and path."""
    try:
        return urlsplit(url).hostname or NOT_DECLARED
    except ValueError:
        return NOT_DECLARED


def _extracts(plan: Mapping[str, Any]) -> bool:
    data = plan.get("structured_data_plan")
    return not (isinstance(data, dict) and data.get("enabled") is False)
