"""What we know of the API, as one table.

A new kind is one entry here, its schema, its emulator routes, one example and one golden case. If another module has to
change, ``Kind`` lacks a field. ``docs`` of each entry says where its facts come from; a comment marks a fact that is
inferred rather than documented.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hmsplan.kinds import normalise
from hmsplan.model import Pattern, pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def _patterns(dotted: Iterable[str]) -> frozenset[Pattern]:
    return frozenset(map(pattern, dotted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Objects that live inside one of a kind and can only be added and removed.

    Attributes:
        name: field of the parent that declares them, and their collection in a list answer.
        path: of the list, below the parent's own path.
        identity: the fields that tell them apart; they form a multiset.
        canonical: field to canonical form.
        untouched: (field, value) of a member that nothing has happened to yet; others are history.
        on_create: how many may ride on the parent's own create; the rest is added one by one.
        total: field of the parent that counts them, which proves whether their list is whole.
    """

    name: str
    singular: str
    path: str
    envelope: tuple[str, ...]
    identity: tuple[str, ...]
    canonical: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    untouched: tuple[str, str]
    on_create: int
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of object.

    Attributes:
        name: key in YAML and first half of an address.
        path: of the list; an object lives at ``path/id``.
        collection: keys under which a list may come, best known first.
        envelope: keys under which one object may come; an object without an envelope is always understood.
        paged: the list takes ``limit`` and ``offset``.
        identity: field that recognises an object we did not create.
        unique: the API holds that field unique.
        verbs: HTTP methods there are; no PATCH means that every change is a replace.
        required: fields without which a create is refused.
        required_in: block to the fields it needs in a create; "" stands for any value of the discriminator.
        refs: where an id of another kind stands.
        expands: where a template may be pasted in, and of which kind.
        aliases: other names the API answers with.
        computed: set by the platform; never planned on.
        secrets: fields whose live value is unknown, masked or absent; compared by fingerprint only.
        immutable: a change here means REPLACE.
        guarded_replace: a replace loses something that people hear, so it is refused unless allowed.
        guarded_delete: the same for a delete.
        clearable: top-level fields that null clears.
        kept: clearable fields that are released, not cleared, when they are taken out: others cannot do without.
        after_create: fields that POST does not take; a PATCH follows.
        atomic: compared and sent whole; user-owned JSON.
        unordered: lists in which order means nothing.
        keyed: lists whose items have a name, and how to read it.
        distinct: keyed lists in which two items of one name are an error.
        spare: keyed list to a test for an extra live item that is the platform's own.
        canonical: field to canonical form, used for comparing only.
        sent_as: item of a list to the form in which the API takes its canonical one.
        null_matters: fields in which null differs from absent.
        union: block to the field that decides which keys it may have; when it changes, the live block is not kept.
        refused_with: block to (field, values, keys): with such a value the API refuses those keys.
        together: field to the fields that have to travel with it.
        status: (field, value) that makes the platform act by itself; entering it is a guarded start.
        window: the fields that say from when to when, each day, and in which time zone the platform acts.
        initial: value of that field in a new object; there is nothing to send where it is declared.
        resting: value of that field that ends the acting, and is sent before such an object is deleted.
        exposing: fields that decide whom the platform reaches, and when, while it acts.
        final: (field, value) after which nothing can change.
        runtime: field to values that the platform sets by itself; such a difference is no drift.
        meets_people: people talk to the platform through such an object: they call it, or it calls them.
        receivers: secret to the fields that decide who receives it; one outside its list counts where none inside does.
    """

    name: str
    singular: str
    path: str
    docs: str
    collection: tuple[str, ...]
    envelope: tuple[str, ...]
    identity: str
    unique: bool = False
    paged: bool = False
    verbs: frozenset[str] = frozenset({"GET", "POST", "PATCH", "DELETE"})
    required: frozenset[str] = frozenset()
    required_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refs: Mapping[Pattern, str] = field(default_factory=dict)
    expands: Mapping[Pattern, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    computed: frozenset[str] = frozenset()
    secrets: frozenset[Pattern] = frozenset()
    immutable: frozenset[str] = frozenset()
    guarded_replace: bool = False
    guarded_delete: bool = False
    clearable: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    after_create: frozenset[str] = frozenset()
    atomic: frozenset[Pattern] = frozenset()
    unordered: frozenset[Pattern] = frozenset()
    keyed: Mapping[Pattern, Callable[[Any], str]] = field(default_factory=dict)
    distinct: frozenset[Pattern] = frozenset()
    spare: Mapping[Pattern, Callable[[str | int, Mapping[Any, Any], Mapping[str, Any], Mapping[str, Any]], bool]] = (
        field(default_factory=dict)
    )
    canonical: Mapping[Pattern, Callable[[Any], Any]] = field(default_factory=dict)
    sent_as: Mapping[Pattern, Callable[[Any], Any]] = field(default_factory=dict)
    null_matters: frozenset[Pattern] = frozenset()
    union: Mapping[str, str] = field(default_factory=dict)
    refused_with: Mapping[str, tuple[str, frozenset[str], frozenset[str]]] = field(default_factory=dict)
    together: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    status: tuple[str, str] | None = None
    window: tuple[str, str, str] | None = None
    initial: str = ""
    resting: str = ""
    exposing: frozenset[str] = frozenset()
    final: tuple[str, str] | None = None
    runtime: Mapping[str, frozenset[str]] = field(default_factory=dict)
    meets_people: bool = False
    receivers: Mapping[Pattern, frozenset[Pattern]] = field(default_factory=dict)
    members: Members | None = None

    def __post_init__(self) -> None:
        """Refuse contradictions."""
        clash = {
            "immutable and clearable": self.immutable & self.clearable,
            "kept and not clearable": self.kept - self.clearable,
            "computed and required": self.computed & self.required,
            "after_create and required": self.after_create & self.required,
            "after_create without PATCH": frozenset() if "PATCH" in self.verbs else self.after_create,
        }
        for rule, names in clash.items():
            if names:
                msg = f"kind {self.name}: {rule}: {sorted(names)}"
                raise ValueError(msg)

    @property
    def resettable(self) -> frozenset[str]:
        """Top-level fields that are cleared when they are taken out of the stack."""
        return self.clearable - self.kept

    @property
    def patchable(self) -> bool:
        """Whether an object can be changed in place at all."""
        return "PATCH" in self.verbs

    def is_secret(self, place: Pattern) -> bool:
        """Say whether a secret stands at *place*, a path in which every item of a list is ``*``."""
        return place in self.secrets


NAME: Final = {pattern("name"): normalise.name}
STAMPS: Final = frozenset({"id", "org_id", "created_at", "updated_at"})

ASSISTANTS: Final = Kind(
    name="assistants",
    singular="assistant",
    path="/assistants",
    docs="API reference, section Assistants; SDK types AssistantCreate and AssistantUpdate; config catalog v1",
    collection=("assistants", "agents"),
    envelope=("assistant", "agent"),
    identity="name",  # inferred: nothing says that names are unique
    required=frozenset({"name"}),
    required_in={
        "stt_config": ("provider", "model", "language"),
        "llm_config": ("provider", "model"),
        "tts_config": ("provider", "voice_id"),
        "recording_consent": ("enabled", "message"),
    },
    refs={pattern("llm_config.tools[].mcp_server_id"): "mcp_servers"},
    expands={pattern("llm_config.tools[]"): "tool_templates", pattern("analysis_plan"): "analysis_templates"},
    computed=STAMPS,
    secrets=_patterns(["webhook_secret", "llm_config.tools[].server.secret"]),
    clearable=frozenset(
        {
            "business_name",
            "notification_email",
            "first_message",
            "max_duration_seconds",
            "voicemail_detection",
            "voicemail_message",
            "webhook_url",
            "webhook_secret",
            "webhook_events",
            "analysis_plan",
            "tts_config",
            "speech_config",
            "notification_emails",
            "recording_consent",
        }
    ),
    kept=frozenset({"tts_config"}),  # a pipeline assistant "needs stt_config and tts_config"
    after_create=frozenset({"notification_emails", "recording_consent"}),  # in the SDK only on update and read
    atomic=_patterns(["llm_config.tools[].parameters", "analysis_plan.structured_data_plan.schema"]),
    unordered=_patterns(["webhook_events", "notification_emails", "llm_config.tools[].allowed_tools"]),
    keyed={
        pattern("llm_config.tools"): normalise.tool_name,
        pattern("llm_config.tools[].destinations"): normalise.destination_name,
        pattern("speech_config.pronunciation"): normalise.pronounced,
    },
    distinct=_patterns(["llm_config.tools"]),
    spare={pattern("llm_config.tools"): normalise.spare_hang_up},
    canonical={
        **NAME,
        pattern("llm_config.tools[]"): normalise.tool,
        pattern("llm_config.tools[].url"): normalise.url,
        pattern("llm_config.tools[].destinations[].number"): normalise.phone_number,
        pattern("tts_config.provider"): normalise.tts_provider,
        pattern("webhook_url"): normalise.url,
    },
    sent_as={pattern("llm_config.tools[]"): normalise.sent_tool},
    null_matters=_patterns(["speech_config.turn_taking.false_interruption_timeout"]),
    union={"stt_config": "provider", "llm_config": "provider", "tts_config": "provider"},
    refused_with={
        "tts_config": (
            "model",
            frozenset({"eleven_v3", "eleven_v4", "eleven_v4_turbo"}),
            frozenset({"similarity_boost", "style", "speed", "use_speaker_boost", "apply_language_text_normalization"}),
        )
    },
    receivers={
        pattern("webhook_secret"): _patterns(["webhook_url"]),
        pattern("llm_config.tools[].server.secret"): _patterns(
            ["llm_config.tools[].url", "llm_config.tools[].server.url", "webhook_url"]
        ),
    },
)

NUMBERS: Final = Kind(
    name="numbers",
    singular="number",
    path="/numbers",
    docs="API reference, section Numbers; guides for the spelling assistant_id and for name",
    collection=("numbers",),
    envelope=("number",),
    identity="phone_number",
    unique=True,  # inferred from the error guide: 409, already exists
    required=frozenset({"phone_number"}),
    refs={
        pattern("agent_id"): "assistants",
        pattern("transfer_trunk_id"): "sip_trunks",
        pattern("workflow_id"): "workflows",
    },
    aliases={"assistant_id": "agent_id"},
    computed=STAMPS | {"agent_name", "business_name", "transfer_trunk_name", "workflow_name", "source"},
    immutable=frozenset({"phone_number"}),
    guarded_replace=True,  # calls fail in between
    guarded_delete=True,
    meets_people=True,
    clearable=frozenset({"agent_id", "transfer_trunk_id", "workflow_id"}),
    canonical={pattern("phone_number"): normalise.phone_number},
)

SIP_TRUNKS: Final = Kind(
    name="sip_trunks",
    singular="sip_trunk",
    path="/sip-trunks",
    docs="API reference, section SIP trunks; the list comes as trunks, one guide shows sip_trunk",
    collection=("trunks", "sip_trunks"),
    envelope=("trunk", "sip_trunk"),
    identity="name",
    verbs=frozenset({"GET", "POST", "DELETE"}),
    required=frozenset({"name", "provider", "address"}),
    canonical=NAME,
    computed=STAMPS | {"is_active"},
    secrets=_patterns(["auth_password"]),  # stored encrypted, never returned
    immutable=frozenset({"name", "provider", "address", "transport", "auth_username", "auth_password"}),
    receivers={pattern("auth_password"): _patterns(["address"])},
)

TOOL_TEMPLATES: Final = Kind(
    name="tool_templates",
    singular="tool_template",
    path="/tool-templates",
    docs="API reference, section Tool templates",
    collection=("tool_templates", "toolTemplates"),
    envelope=("tool_template", "toolTemplate"),
    identity="name",
    required=frozenset({"name", "tool_type", "tool_config"}),
    computed=STAMPS,
    clearable=frozenset({"description"}),
    atomic=_patterns(["tool_config.parameters"]),
    canonical={
        **NAME,
        pattern("tool_type"): normalise.tool_type,
        pattern("tool_config.url"): normalise.url,
        pattern("tool_config.destinations[].number"): normalise.phone_number,
    },
    keyed={pattern("tool_config.destinations"): normalise.destination_name},
    union={"tool_config": "tool_type"},  # the form of tool_config follows tool_type, which stands beside it
    together={"tool_config": ("tool_type",), "tool_type": ("tool_config",)},
)

ANALYSIS_TEMPLATES: Final = Kind(
    name="analysis_templates",
    singular="analysis_template",
    path="/analysis-templates",
    docs="API reference, section Analysis templates: limit 1 to 100, default 50; three envelopes are documented",
    collection=("analysis_templates", "data", "analysisTemplates"),
    envelope=("analysis_template", "analysisTemplate"),
    identity="name",
    paged=True,
    required=frozenset({"name", "system_prompt", "user_prompt", "schema"}),
    canonical=NAME,
    computed=STAMPS,
    clearable=frozenset({"description"}),
    atomic=_patterns(["schema"]),
)

CAMPAIGNS: Final = Kind(
    name="campaigns",
    singular="campaign",
    path="/campaigns",
    docs="API reference, section Campaigns; SDK types CampaignCreate and CampaignUpdate",
    collection=("campaigns",),
    envelope=("campaign",),
    identity="name",
    required=frozenset({"name", "agent_id", "schedule_start_time", "schedule_end_time", "timezone"}),
    refs={pattern("agent_id"): "assistants"},
    aliases={"assistant_id": "agent_id"},
    computed=STAMPS | {"total_leads", "completed_leads", "failed_leads"},
    immutable=frozenset({"agent_id"}),
    guarded_replace=True,  # progress is lost, and everybody is called again
    guarded_delete=True,
    after_create=frozenset({"status"}),  # a campaign starts as draft; there is no status on create
    canonical={
        **NAME,
        pattern("schedule_start_time"): normalise.clock_time,
        pattern("schedule_end_time"): normalise.clock_time,
    },
    status=("status", "scheduled"),
    window=("schedule_start_time", "schedule_end_time", "timezone"),
    initial="draft",  # "Created as draft"
    resting="paused",  # "paused to stop"
    exposing=frozenset({"agent_id", "schedule_start_time", "schedule_end_time", "timezone"}),
    final=("status", "completed"),
    runtime={"status": frozenset({"completed"})},
    meets_people=True,
    members=Members(
        name="leads",
        singular="lead",
        path="/leads",
        envelope=("lead",),
        identity=("phone_number", "variables"),
        canonical={"phone_number": normalise.phone_number},
        untouched=("status", "pending"),
        on_create=1000,  # the most one request may hold is unknown
        total="total_leads",
    ),
)

Kinds: TypeAlias = "Mapping[str, Kind]"
"""Kinds by name, each after the kinds it refers to."""

KINDS: Final[Kinds] = MappingProxyType(
    {kind.name: kind for kind in (TOOL_TEMPLATES, ANALYSIS_TEMPLATES, SIP_TRUNKS, ASSISTANTS, NUMBERS, CAMPAIGNS)}
)
"""Every kind that hmsplan manages."""
