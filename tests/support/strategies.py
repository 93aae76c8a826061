"""Random stacks that are valid: all kinds, references between them, templates, leads, fields that come and go.

Two draws share their keys, so that the second is a change of the first: renamed, repointed, switched, cut and grown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from support.stacks import SPEECH_TO_TEXT, campaign, lead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Draw = Callable[[st.SearchStrategy[Any]], Any]

TEXTS = st.sampled_from(
    ["Hello.", "Goedendag, {{name}}.", "- one\n- two\n\n  three", "é \u2019 \U0001f600", "0031", "no"]
)
MAYBE_TEXT = st.one_of(st.none(), TEXTS)
SMALL = st.integers(1, 9)
ABSENT: Any = object()


def fields(draw: Draw, **optional: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Draw some of the optional fields."""
    drawn = {name: draw(st.one_of(st.just(ABSENT), strategy)) for name, strategy in optional.items()}
    return {name: value for name, value in drawn.items() if value is not ABSENT}


@st.composite
def schemas(draw: Draw) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(["day", "name", "reason"]), unique=True))
    return {
        "type": "object",
        "properties": {name: {"type": draw(st.sampled_from(["string", "number"]))} for name in names},
    }


@st.composite
def tool_templates(draw: Draw, key: str) -> dict[str, Any]:
    config: dict[str, Any]
    match tool_type := draw(st.sampled_from(["function", "function", "end_call"])):
        case "function":
            config = {"name": f"tool_{key}", "description": draw(TEXTS)}
            config |= fields(
                draw,
                parameters=schemas(),
                url=st.sampled_from(["https://API.example.com", "https://b.example.com:443/x"]),
            )
            config |= fields(draw, **{"async": st.booleans()})
        case _:
            config = {}
    return {
        "name": f"Tool {key}",
        "tool_type": tool_type,
        "tool_config": config,
        **fields(draw, description=MAYBE_TEXT),
    }


@st.composite
def analysis_templates(draw: Draw, key: str) -> dict[str, Any]:
    prompts = {"system_prompt": draw(TEXTS), "user_prompt": "File {transcript}."}
    return {"name": f"Analysis {key}", **prompts, "schema": draw(schemas()), **fields(draw, description=MAYBE_TEXT)}


@st.composite
def sip_trunks(draw: Draw, key: str) -> dict[str, Any]:
    address = draw(st.sampled_from(["one.example", "two.example"]))
    login = fields(
        draw,
        auth_username=st.just("u"),
        auth_password=st.just("${secret:sip}"),
        transport=st.sampled_from(["udp", "tls"]),
    )
    return {"name": f"Trunk {key}", "provider": "custom", "address": address, **login}


@st.composite
def mcp_servers(draw: Draw, key: str) -> dict[str, Any]:
    headers = st.dictionaries(
        st.sampled_from(["Authorization", "X-Team", "x-other"]),
        st.sampled_from(["${secret:hook}", "${secret:tool}"]),
        max_size=2,
    )
    url = draw(st.sampled_from(["https://MCP.example.com", "https://mcp.example.com:443/v1", "https://b.example.net/"]))
    return {
        "name": f"Server {key}" + draw(st.sampled_from(["", " (new)"])),
        "url": url,
        "headers": draw(headers),  # another host asks for them
        **fields(draw, timeout_seconds=st.integers(5, 60), transport=st.sampled_from(["sse", "streamable_http"])),
    }


@st.composite
def byok_keys(draw: Draw, provider: str) -> dict[str, Any]:
    settings = st.dictionaries(st.sampled_from(["region", "project"]), TEXTS, max_size=2)
    secret = draw(st.sampled_from(["${secret:hook}", "${secret:tool}"]))
    return {"provider": provider, "api_key": secret, **fields(draw, config=settings)}


@st.composite
def workflows(draw: Draw, key: str, templates: dict[str, Any]) -> dict[str, Any]:
    """Draw a graph in which the first node leads to all others."""
    others = []
    for name in sorted(draw(st.sets(st.sampled_from(["ask", "desk", "bye"])))):
        match name:
            case "ask":
                others.append({"id": name, "type": "conversation", "instructions": draw(TEXTS), **_node(draw)})
            case "desk":
                number = draw(st.sampled_from(["+31850000099", "+31850000098"]))
                others.append({"id": name, "type": "transfer", "destination": number})
            case _:
                others.append({"id": name, "type": "end", **fields(draw, first_line=TEXTS)})
    entry = {"id": "hello", "type": "conversation", "instructions": draw(TEXTS), **_node(draw)}
    if draw(st.booleans()):
        entry["tools"] = _tools(draw, templates)
    edges = [{"from": "hello", "to": each["id"], "description": draw(TEXTS)} for each in others]
    order = draw(st.permutations([entry, *others]))
    return {
        "name": f"Workflow {key}" + draw(st.sampled_from(["", " (new)"])),
        "definition": {"version": 1, "entry_node": "hello", "nodes": list(order), "edges": edges},
        **fields(draw, is_active=st.booleans()),
    }


def _node(draw: Draw) -> dict[str, Any]:
    return fields(draw, first_line=TEXTS, ui=st.just({"x": 1, "y": 2}), llm_config=st.just({"temperature": 0.5}))


def _tools(draw: Draw, templates: dict[str, Any]) -> list[Any]:
    chosen = draw(st.lists(st.sampled_from(sorted(templates)), unique=True)) if templates else []
    tools: list[Any] = []
    hangs_up = False
    for key in chosen:
        ends = templates[key]["tool_type"] == "end_call"
        if not (ends and hangs_up):
            tools.append(f"${{tool_templates.{key}}}")
        hangs_up = hangs_up or ends
    if draw(st.booleans()):
        inline = {"name": "inline", "description": draw(TEXTS), "parameters": draw(schemas())}
        server = {"url": "https://tools.example.com/in", **fields(draw, secret=st.just("${secret:tool}"))}
        tools.append({**inline, **fields(draw, server=st.just(server))})
    if not hangs_up and draw(st.booleans()):
        tools.append({"type": draw(st.sampled_from(["end_call", "endCall"]))})
    return tools


def _speaks(draw: Draw, templates: dict[str, Any], servers: Sequence[str], *, always: bool) -> dict[str, Any]:
    """Draw a pipeline with all its parts, a realtime model, or unless *always* neither.

    A block that is not declared any more is released, and goes on using the MCP servers in it, whose delete the API
    refuses then: only an assistant that always declares its block gets some.
    """
    attached = draw(st.lists(st.sampled_from(servers), unique=True)) if servers else []
    mcp = [{"type": "mcp", "mcp_server_id": f"${{mcp_servers.{key}}}", "allowed_tools": ["find"]} for key in attached]
    tools = {"tools": [*_tools(draw, templates), *mcp]} if draw(st.booleans()) else {}
    common = {**fields(draw, temperature=st.sampled_from([0, 0.5, 1])), **tools}
    if draw(st.booleans()):
        common["messages"] = [{"role": "system", "content": draw(TEXTS)} for _ in range(draw(st.integers(0, 2)))]
    match draw(st.sampled_from(["pipeline", "realtime", *([] if always else ["neither"])])):
        case "pipeline":
            model = draw(st.sampled_from(["eleven_flash_v2_5", "eleven_v3", "eleven_v4"]))
            voice = {
                "provider": "elevenlabs",
                "voice_id": "v1",
                "model": model,
                **fields(draw, stability=st.sampled_from([0, 0.5])),
            }
            if model == "eleven_flash_v2_5":
                voice |= fields(draw, speed=st.sampled_from([0.9, 1]), similarity_boost=st.sampled_from([0.1, 1]))
            voice = draw(st.sampled_from([voice, {"provider": "xai", "voice_id": "ara"}]))
            provider = draw(st.sampled_from([("openai", "gpt-5.4"), ("mistral", "mistral-small-latest")]))
            llm = {"provider": provider[0], "model": provider[1], **common}
            stt = {**SPEECH_TO_TEXT, **fields(draw, numerals=st.booleans(), keyterms=st.just(["De Linde"]))}
            return {"stt_config": stt, "llm_config": llm, "tts_config": voice}
        case "realtime":
            llm = {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0", **common}
            return {"llm_config": {**llm, **fields(draw, voice=st.sampled_from(["ara", "eve"]))}, "tts_config": None}
        case _:
            return {}


def _speech(draw: Draw) -> dict[str, Any]:
    silence = {"messages": draw(st.lists(TEXTS, max_size=2)), **fields(draw, max_attempts=SMALL)}
    pairs = st.lists(st.builds(lambda a, b: {"from": a, "to": b}, TEXTS, TEXTS), max_size=2)
    turns = fields(draw, interruption_min_words=SMALL, false_interruption_timeout=st.sampled_from([None, 1.0]))
    return fields(
        draw, silence=st.just(silence), pronunciation=pairs, turn_taking=st.just(turns), end_call_message=MAYBE_TEXT
    )


@st.composite
def assistants(
    draw: Draw, key: str, tools: dict[str, Any], analyses: Sequence[str], servers: Sequence[str] = ()
) -> dict[str, Any]:
    plans: list[Any] = [None, *(f"${{analysis_templates.{each}}}" for each in analyses)]
    plan = {
        "structured_data_plan": {"enabled": True, "schema": draw(schemas())},
        **fields(draw, min_messages_threshold=SMALL),
    }
    consent = st.builds(lambda on, text: {"enabled": on, "message": text}, st.booleans(), TEXTS)
    emails = st.lists(st.sampled_from(["a@example.com", "b@example.com"]), unique=True)
    return {
        "name": f"Assistant {key}" + draw(st.sampled_from(["", " (new)"])),
        **_speaks(draw, tools, servers if key == "g" else (), always=key == "g"),
        **fields(
            draw,
            business_name=MAYBE_TEXT,
            first_message=MAYBE_TEXT,
            is_active=st.booleans(),
            max_duration_seconds=st.one_of(st.none(), SMALL),
            autonomous_silence_handling=st.booleans(),
            silence_timeout_seconds=SMALL,
            gdpr_mode=st.booleans(),
            webhook_url=st.sampled_from([None, "https://Hooks.example.com"]),
            webhook_secret=st.sampled_from([None, "${secret:hook}", "${secret:tool}"]),
            webhook_events=st.one_of(
                st.none(), st.lists(st.sampled_from(["tool-calls", "status-update"]), unique=True)
            ),
            notification_emails=st.one_of(st.none(), emails),
            recording_consent=st.one_of(st.none(), consent),
            analysis_plan=st.one_of(st.sampled_from(plans), st.just(plan)),
            speech_config=st.one_of(st.none(), st.just(_speech(draw))),
        ),
    }


def _reference(kind: str, keys: Sequence[str]) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *(f"${{{kind}.{key}}}" for key in keys)])


@st.composite
def numbers(
    draw: Draw, key: str, agents: Sequence[str], trunks: Sequence[str], graphs: Sequence[str] = ()
) -> dict[str, Any]:
    digits = f"+318500000{ord(key[-1]) % 10}{draw(st.sampled_from('001'))}"
    return {
        "phone_number": digits,
        **fields(
            draw,
            agent_id=_reference("assistants", agents),
            transfer_trunk_id=_reference("sip_trunks", trunks),
            workflow_id=_reference("workflows", graphs),
            is_active=st.booleans(),
        ),
    }


@st.composite
def campaigns(draw: Draw, key: str, agents: Sequence[str]) -> dict[str, Any]:
    agent = f"${{assistants.{draw(st.sampled_from(agents))}}}"
    people = st.builds(lambda n, who: lead(f"00{n}", **who), SMALL, st.sampled_from([{}, {"who": "An"}]))
    leads = draw(st.lists(people, max_size=4, unique_by=repr))
    made = campaign(f"Campaign {key}" + draw(st.sampled_from(["", " (new)"])), agent, leads)
    made |= fields(draw, status=st.sampled_from(["draft", "scheduled", "paused"]), system_message_template=TEXTS)
    if draw(st.integers(0, 4)) == 0:
        del made["leads"]
    return made


@st.composite
def stacks(draw: Draw) -> dict[str, dict[str, Any]]:
    """Draw all resources of a stack, kind to key to fields, as they stand in YAML."""

    def keys(letters: str) -> list[str]:
        return sorted(draw(st.sets(st.sampled_from(letters))))

    tools = {key: draw(tool_templates(key)) for key in keys("ab")}
    analyses = {key: draw(analysis_templates(key)) for key in keys("cd")}
    trunks = {key: draw(sip_trunks(key)) for key in keys("ef")}
    servers = {key: draw(mcp_servers(key)) for key in keys("op")}
    agents = {key: draw(assistants(key, tools, sorted(analyses), sorted(servers))) for key in keys("ghi")}
    graphs = {key: draw(workflows(key, tools)) for key in keys("qr")}
    phones = {key: draw(numbers(key, sorted(agents), sorted(trunks), sorted(graphs))) for key in keys("jkl")}
    calls = {key: draw(campaigns(key, sorted(agents))) for key in keys("mn")} if agents else {}
    providers = draw(st.sets(st.sampled_from(["resend", "elevenlabs", "openai"])))
    mail = {"main": {"domain_name": draw(st.sampled_from(["mail.example.com", "post.example.com"]))}}
    periods = {"content_retention_days": draw(st.sampled_from([30, 90])), "metadata_retention_days": 365}
    everything = {
        "byok_keys": {name: draw(byok_keys(name)) for name in sorted(providers)},
        "domain": mail if "resend" in providers and draw(st.booleans()) else {},
        "organization": {"main": periods} if draw(st.booleans()) else {},
        "mcp_servers": servers,
        "workflows": graphs,
        "tool_templates": tools,
        "analysis_templates": analyses,
        "sip_trunks": trunks,
        "assistants": agents,
        "numbers": phones,
        "campaigns": calls,
    }
    for resources in everything.values():
        for resource in resources.values():
            if draw(st.integers(0, 9)) == 0:
                resource["lifecycle"] = {"prevent_destroy": True}
    return {kind: resources for kind, resources in everything.items() if resources}
