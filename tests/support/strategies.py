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


def _speaks(draw: Draw, templates: dict[str, Any]) -> dict[str, Any]:
    """Draw a pipeline with all its parts, a realtime model, or neither."""
    tools = {"tools": _tools(draw, templates)} if draw(st.booleans()) else {}
    common = {**fields(draw, temperature=st.sampled_from([0, 0.5, 1])), **tools}
    if draw(st.booleans()):
        common["messages"] = [{"role": "system", "content": draw(TEXTS)} for _ in range(draw(st.integers(0, 2)))]
    match draw(st.sampled_from(["pipeline", "realtime", "neither"])):
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
def assistants(draw: Draw, key: str, tools: dict[str, Any], analyses: Sequence[str]) -> dict[str, Any]:
    plans: list[Any] = [None, *(f"${{analysis_templates.{each}}}" for each in analyses)]
    plan = {
        "structured_data_plan": {"enabled": True, "schema": draw(schemas())},
        **fields(draw, min_messages_threshold=SMALL),
    }
    consent = st.builds(lambda on, text: {"enabled": on, "message": text}, st.booleans(), TEXTS)
    emails = st.lists(st.sampled_from(["a@example.com", "b@example.com"]), unique=True)
    return {
        "name": f"Assistant {key}" + draw(st.sampled_from(["", " (new)"])),
        **_speaks(draw, tools),
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
def numbers(draw: Draw, key: str, agents: Sequence[str], trunks: Sequence[str]) -> dict[str, Any]:
    digits = f"+318500000{ord(key[-1]) % 10}{draw(st.sampled_from('001'))}"
    return {
        "phone_number": digits,
        **fields(
            draw,
            agent_id=_reference("assistants", agents),
            transfer_trunk_id=_reference("sip_trunks", trunks),
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
    agents = {key: draw(assistants(key, tools, sorted(analyses))) for key in keys("ghi")}
    phones = {key: draw(numbers(key, sorted(agents), sorted(trunks))) for key in keys("jkl")}
    calls = {key: draw(campaigns(key, sorted(agents))) for key in keys("mn")} if agents else {}
    everything = {
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
