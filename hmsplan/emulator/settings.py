"""Settings: one switch for every behaviour the API's documentation leaves open.

The numbers in brackets are those of the list of open questions in the API notes. A default is the
likeliest stance, with its reason beside it; a client is safe when it works under all the others too.
"""

from __future__ import annotations

import difflib
import types
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Self, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the emulated API answers where its documentation is silent.

    Attributes:
        webhook_secret: [1] what reading an assistant shows of it. The newest examples show the text itself.
        tool_secret: [1] what reading shows of the ``server.secret`` of a tool. The description calls it write-only.
        nested_patch: [2] fate of what a PATCH leaves out of a nested config. Per-call overrides replace whole blocks.
        defaults: [3] which defaults appear unsent: those every answer must have, every top-level field, or the
            options inside nested configs too. "The platform fills in the rest" is said of the top level.
        realtime_tts: [3] a ``tts_config`` sent for a realtime assistant. The read type says null for those.
        tts_alias: [3] what is stored of the alias ``11labs``. Nothing says that it is rewritten.
        empty_text: [3] what is stored of "" in a nullable text. Nothing says that it is rewritten.
        tidies: whether stored text loses spaces and line breaks at the ends of its lines and of itself, CRLF and
            decomposed letters, and a number the bits that four bytes cannot hold. Nothing says so.
        trim_names: [3] whether spaces around a ``name`` are removed. Nothing says so.
        phone_form: [3] a phone number with spaces or a leading 00. Only E.164 is documented.
        analysis_envelope: [4] the newest source, the reference, or the oldest guide. The newest is trusted most.
        analysis_page: [4] items of the template list without ``limit``; None for all. The reference says 50.
        list_cap: [5] most items of any other list, silently cut; None for no cap. "Not paginated" is stated.
        list_order: [5] order of the lists, leads excepted (oldest first is stated). Dashboards show the newest first.
        list_omits: [5] top-level fields that list items leave out. Lists are typed as full objects.
        delete_assistant: [6] while numbers or campaigns point at it. 409 is among the documented answers.
        delete_trunk: [6] while a number names it. 409 is among the documented answers.
        delete_campaign: [6] while it is scheduled. No 409 is documented for it.
        delete_key: [6] while assistants use the provider. "Falls back to the platform's own key".
        delete_resend_key: [6] while a domain is set. No 409 is documented for it.
        number_agent: [7] the name(s) of the assistant's id in answers. The newest types know ``agent_id`` only.
        number_name: [7] whether numbers have a ``name``. The guides have it, no type of the newest SDK does.
        number_workflow: [8] what setting ``workflow_id`` does to ``agent_id``: kept, cleared, or both in one
            request refused. An inactive workflow "falls back to the assistant", so one must be kept.
        end_call_tool: [9] whether silence handling stores the tool it adds. Adding it at call time needs no write.
        tool_form: [10] the form tools are stored in. Both forms are documented as readable.
        tool_names: [10] whether ``endCall`` becomes ``end_call``. Nothing says that it is rewritten.
        number_twice: [11] registering a number again. The error guide reads 409 as duplicate.
        number_elsewhere: [11] registering a number of another organization. A call can ring in one place only.
        campaign_moves: [12] any settable status at any time, or draft, scheduled and paused to and fro, then cancelled.
        completed_status: [12] answer to changing a completed campaign, or to a refused move. Likelier 400 than 409.
        lead_twice: [13] the same phone number twice in a campaign. Leads have no documented conflict.
        lead_calling_status: [13] answer to removing a lead that is being called. The operation documents both.
        domain_without_key: GET /domains without the resend key: null, or refused as every write is. "Every operation
            needs the organization's own Resend key", and the operation documents no refusal.
        retention_readable: [14] whether GET shows the retention periods. No read type lists them.
        key_id: [15] whether replacing a BYOK key changes its vault id. A vault usually writes a new entry.
        config_null: [16] null inside provider settings. Merged objects usually keep a null they are given.
        config_answer: [16] what GET /byok/config has: the catalogue of providers, the stored settings as the oldest
            outline says, or nothing, as the newest list of operations. The description has the catalogue.
        unknown_fields: [18] unknown fields of a request. All object types are described as open.
        unknown_events: names in ``webhook_events`` that the description does not list. The newest types have any text.
        late_fields: [19] ``notification_emails`` and ``recording_consent`` on create. They are unknown fields there.
        name_max: [21] longest name, in characters; None for no limit. No limit is published.
        prompt_max: [21] longest prompt or instructions. No limit is published.
        message_max: [21] longest spoken or described text. No limit is published.
        body_max: largest request body in bytes, 413 above. [21] No limit is published.
        noop_touches: [22] whether a PATCH that changes nothing moves ``updated_at``. Database triggers do.
        create_status: status of a create. The error guide says 201.
        delete_answer: ``{"success": true}`` or 204. The newest source reads the former.
        error_form: ``{"error": "text"}`` or the guide's ``{"error": {"code", ...}}``. The newest is the text.
        agents_envelope: envelope of the deprecated alias /agents. An alias usually shares the code.
        model_keys: whether an assistant is refused while the key that its model needs is not stored. Unknown.
        keys: the API keys that exist; None lets every key that starts with ``fl_`` open an organization of its own.
        expired_keys: keys that are answered 401 "expired".
        revoked_keys: keys that are answered 401 "revoked".
        credits: minutes a new organization starts with; 0 makes outbound calls answer 402.
        rate_limit: requests a window and key; None for no limit.
        rate_window_s: length of the window in seconds.
        rate_kind: fixed windows, or a window that slides with every request. Unknown.
        control_limit: call control commands a minute and call.
        retry_after: form of the header, seconds or an HTTP date. The guide says seconds.
        domain_check: what refreshing a pending domain finds. DNS decides, outside of the API.
        call_connect_s: seconds after which an outbound call is answered.
        call_length_s: seconds after which an answered call ends by itself.
        account_webhook: URL of the account's webhook, which the dashboard sets; for calls of ``conversation``.
        account_secret: signs what is sent there.
    """

    webhook_secret: Literal["returned", "masked", "null"] = "returned"  # noqa: S105 - a stance
    tool_secret: Literal["dropped", "masked", "returned"] = "dropped"  # noqa: S105 - a stance
    nested_patch: Literal["replace", "merge"] = "replace"
    defaults: Literal["required", "top", "all"] = "top"
    realtime_tts: Literal["null", "kept", "refused"] = "null"
    tts_alias: Literal["kept", "elevenlabs"] = "kept"
    empty_text: Literal["kept", "null"] = "kept"
    tidies: bool = False
    trim_names: bool = False
    phone_form: Literal["refused", "rewritten"] = "refused"
    analysis_envelope: Literal["sdk", "reference", "guide"] = "sdk"
    analysis_page: int | None = 50
    list_cap: int | None = None
    list_order: Literal["newest", "oldest", "shuffled"] = "newest"
    list_omits: tuple[str, ...] = ()
    delete_assistant: Literal["conflict", "detach", "cascade"] = "conflict"
    delete_trunk: Literal["conflict", "detach", "cascade"] = "conflict"
    delete_campaign: Literal["allowed", "conflict"] = "allowed"
    delete_key: Literal["allowed", "conflict"] = "allowed"
    delete_resend_key: Literal["allowed", "conflict", "cascade"] = "allowed"
    number_agent: Literal["agent_id", "assistant_id", "both"] = "agent_id"
    number_name: bool = False
    number_workflow: Literal["both", "clears_agent", "refuses_both"] = "both"
    end_call_tool: Literal["unstored", "stored"] = "unstored"
    tool_form: Literal["kept", "flat", "nested"] = "kept"
    tool_names: Literal["kept", "snake"] = "kept"
    number_twice: Literal["conflict", "allowed"] = "conflict"
    number_elsewhere: Literal["conflict", "allowed", "taken_over"] = "conflict"
    campaign_moves: Literal["any", "forward"] = "any"
    completed_status: Literal[400, 409] = 400
    lead_twice: Literal["allowed", "conflict"] = "allowed"
    lead_calling_status: Literal[409, 400] = 409
    domain_without_key: Literal["null", "refused"] = "null"
    retention_readable: bool = False
    key_id: Literal["changes", "stays"] = "changes"
    config_null: Literal["stored", "removes", "ignored"] = "stored"
    config_answer: Literal["catalogue", "settings", "gone"] = "catalogue"
    unknown_fields: Literal["ignored", "refused", "stored"] = "ignored"
    unknown_events: Literal["stored", "refused"] = "stored"
    late_fields: Literal["ignored", "refused", "stored"] = "ignored"
    name_max: int | None = None
    prompt_max: int | None = None
    message_max: int | None = None
    body_max: int = 10_000_000
    noop_touches: bool = True
    create_status: Literal[201, 200] = 201
    delete_answer: Literal["success", "no_content"] = "success"
    error_form: Literal["text", "object"] = "text"
    agents_envelope: Literal["assistant", "agent"] = "assistant"
    model_keys: Literal["unchecked", "refused"] = "unchecked"
    keys: tuple[str, ...] | None = None
    expired_keys: tuple[str, ...] = ()
    revoked_keys: tuple[str, ...] = ()
    credits: float = 1000.0
    rate_limit: int | None = 100
    rate_window_s: float = 60.0
    rate_kind: Literal["fixed", "sliding"] = "fixed"
    control_limit: int = 10
    retry_after: Literal["seconds", "date"] = "seconds"
    domain_check: Literal["verified", "pending", "failed"] = "verified"
    call_connect_s: float = 2.0
    call_length_s: float = 60.0
    account_webhook: str | None = None
    account_secret: str | None = None

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        problems = [
            f"{field.name}: {getattr(self, field.name)!r} is not {_allowed(hints[field.name])}"
            for field in fields(self)
            if not _fits(getattr(self, field.name), hints[field.name])
        ]
        if problems:
            raise ValueError("; ".join(problems))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build settings from JSON or YAML values; lists stand for tuples.

        Raises:
            ValueError: an unknown key, with the nearest known one, or a value that its field does not allow.
        """
        known = [field.name for field in fields(cls)]
        unknown = [_did_you_mean(key, known) for key in values if key not in known]
        if unknown:
            raise ValueError("; ".join(unknown))
        found: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        return cls(**found)


def _fits(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is Literal:
        return any(value == choice and type(value) is type(choice) for choice in get_args(hint))
    if origin is types.UnionType:
        return any(_fits(value, part) for part in get_args(hint))
    if origin is tuple:
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value is None if hint is type(None) else isinstance(value, hint)


def _allowed(hint: Any) -> str:
    origin = get_origin(hint)
    if origin is Literal:
        return "one of " + ", ".join(repr(choice) for choice in get_args(hint))
    if origin is types.UnionType:
        return " or ".join(_allowed(part) for part in get_args(hint))
    words = {
        str: "a text",
        bool: "true or false",
        int: "a positive number",
        float: "a number from 0 up",
        type(None): "null",
    }
    return "a list of texts" if origin is tuple else words[hint]


def _did_you_mean(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(str(key), known, n=1)
    return f"unknown setting {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
