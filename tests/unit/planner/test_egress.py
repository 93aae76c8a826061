"""Who gets which secret, and what of that is refused."""

from __future__ import annotations

from typing import Any

import pytest
from support.readings import TRUNK, bound, declared, live, planned, remembered, remote, resource

from hmsplan.kinds import KINDS
from hmsplan.model import Plan, Secret
from hmsplan.planner.egress import receivers_of, secrets_of

SECRET = Secret("s", "value")
KEPT = {"$secret": "s", "fingerprint": None}
MASK = Secret(Secret.LIVE, "***")
OLD = "https://old.example/hook"


def flags(plan: Plan) -> list[str]:
    return [refusal.flag.removeprefix("--allow ") for refusal in plan.refusals]


def tool(secret: Any, name: str = "lookup", **places: Any) -> dict[str, Any]:
    server = {"secret": secret, **({"url": places.pop("server")} if "server" in places else {})}
    tools = [{"type": "end_call"}, {"type": "function", "name": name, "server": server, **places}]
    return {"llm_config": {"tools": tools}}


@pytest.mark.parametrize(
    ("kind", "spec", "urls"),
    [
        ("assistants", {"webhook_secret": SECRET, "webhook_url": "https://a.example/x"}, ["https://a.example/x"]),
        ("assistants", {"webhook_secret": KEPT, "webhook_url": "https://a.example/x"}, ["https://a.example/x"]),
        ("assistants", {"webhook_secret": SECRET}, []),
        ("assistants", {"webhook_secret": None, "webhook_url": "https://a.example"}, []),
        ("assistants", tool(SECRET, server="https://b.example"), ["https://b.example"]),
        (
            "assistants",
            tool(KEPT, url="https://c.example", server="https://b.example"),
            ["https://b.example", "https://c.example"],
        ),
        ("assistants", tool(SECRET) | {"webhook_url": "https://a.example"}, ["https://a.example"]),
        (
            "assistants",
            tool(SECRET, url="https://c.example") | {"webhook_url": "https://a.example"},
            ["https://c.example"],
        ),
        ("assistants", {"llm_config": {"tools": None}}, []),
        ("sip_trunks", {"auth_password": KEPT, "address": "SIP.a.example"}, ["SIP.a.example"]),
        ("numbers", {"phone_number": "+31850000001"}, []),
    ],
)
def test_the_receivers_of_a_spec(kind: str, spec: dict[str, Any], urls: list[str]) -> None:
    """Declared or remembered; the nearest address counts."""
    table = KINDS[kind]
    assert sorted(url for at in secrets_of(table, spec) for url in receivers_of(table, spec, at).values()) == urls


def hook(url: str | None = OLD, secret: Any = SECRET) -> dict[str, Any]:
    return {"name": "A", "webhook_url": url, "webhook_secret": secret}


def egress(after: dict[str, Any], shown: dict[str, Any] | None, applied: dict[str, Any] | None) -> list[str]:
    """Plan one assistant: as it is declared, live (None = it is not there), and last applied (None = no state)."""
    snapshot = live(*([] if shown is None else [remote("assistants", "a1", **shown)]))
    state = remembered(*([] if applied is None else [bound("assistants.a", "a1", **applied)]))
    return flags(planned(declared(resource("assistants.a", **after)), snapshot, state))


REFUSED = ["egress:assistants.a"]
RENAMED, RAISED = Secret("other", "v"), Secret("s", "value", version=2)


@pytest.mark.parametrize("secret", [SECRET, RENAMED, RAISED, Secret("s", "new", "f2")])
@pytest.mark.parametrize(
    "url",
    [
        "https://new.example/hook",
        "https://old.example/other",
        "https://old.example:444/hook",
        "https://old.example/hook?tenant=2",
        "http://old.example/hook",
    ],
)
def test_an_object_with_a_secret_changes_its_receiver_only_if_allowed(url: str, secret: Secret) -> None:
    """Kept, renamed, raised or new: the author of the URL decides who gets it."""
    applied = hook(secret=KEPT)
    assert egress(hook(url, secret), hook(secret=MASK), applied) == REFUSED
    assert egress(hook(url, secret), {"name": "A", "webhook_url": OLD}, None) == REFUSED  # nothing is remembered
    assert egress(hook(url, secret), hook(secret=MASK), {}) == REFUSED  # imported, and nothing written yet


@pytest.mark.parametrize("secret", [SECRET, RENAMED, RAISED])
@pytest.mark.parametrize("url", [OLD, "https://OLD.example:443/hook"])
def test_the_same_receiver_needs_no_flag(url: str, secret: Secret) -> None:
    assert egress(hook(url, secret), hook(secret=MASK), hook(secret=KEPT)) == []
    assert egress(hook(url, secret), hook(secret=None), None) == []


def test_a_receiver_that_becomes_encrypted_needs_no_flag() -> None:
    plain = "http://old.example/hook"
    assert egress(hook(OLD), hook(plain, MASK), hook(plain, KEPT)) == []


def test_a_url_of_an_object_without_a_secret_is_free() -> None:
    assert egress(hook("https://new.example/", None), hook(OLD, None), hook(OLD, None)) == []
    assert egress(hook("https://new.example/", None), hook(OLD, MASK), hook(OLD, KEPT)) == []  # it is cleared


def test_a_first_secret_with_a_first_url_is_free_where_the_state_knows_the_object() -> None:
    assert egress(hook(), {"name": "A"}, {"name": "A"}) == []
    assert egress(hook("https://new.example/"), hook(OLD, None), {"name": "A", "webhook_url": OLD}) == REFUSED


def test_what_the_live_object_has_not_got_is_refused_without_a_state() -> None:
    assert egress(hook(), {"name": "A"}, None) == REFUSED
    assert egress(hook(), None, None) == []  # created


def test_a_live_secret_stays_with_its_url_although_nobody_declares_it() -> None:
    url = {"name": "A", "webhook_url": "https://new.example/"}
    assert egress(url, hook(secret=MASK), None) == REFUSED
    assert egress(url, hook(secret=None), None) == []


def test_somebody_else_moved_the_url_and_the_stack_follows() -> None:
    """Nothing is written, but the state would learn the URL, and the next new value would go there."""
    new = "https://new.example/"
    assert egress(hook(new), hook(new, MASK), hook(OLD, KEPT)) == REFUSED
    assert egress(hook(OLD), hook(new, MASK), hook(OLD, KEPT)) == []  # back to where it belongs


def test_an_ignored_url_counts_as_it_is_live() -> None:
    after = {**hook(OLD, RAISED), "ignore_changes": [("webhook_url",)]}
    assert egress(after, hook("https://new.example/", MASK), {"name": "A", "webhook_secret": KEPT}) == []
    after["webhook_url"] = "https://third.example/"
    assert egress(after, hook(OLD, MASK), hook(OLD, KEPT)) == []


@pytest.mark.parametrize(
    ("after", "refused"),
    [
        (tool(SECRET, server="https://new.example/x"), True),
        (tool(SECRET, server="https://old.example/other"), True),
        (tool(SECRET, url=OLD), False),  # the same, written beside
        (tool(SECRET, url=OLD, server="https://new.example/x"), True),
        (tool(SECRET, "renamed", server="https://old.example/other"), True),
        (tool(SECRET, "renamed", server=OLD), False),
    ],
)
def test_the_secret_of_a_tool_stays_with_its_url(after: dict[str, Any], *, refused: bool) -> None:
    more = {"name": "A", "webhook_url": "https://fallback.example/"}
    expected = REFUSED if refused else []
    assert egress(after | more, tool(MASK, server=OLD) | more, tool(KEPT, server=OLD) | more) == expected
    assert egress(after | more, tool(MASK, server=OLD) | more, None) == expected


def test_the_url_of_a_tool_that_was_taken_out_leaves_its_secret_to_the_webhook() -> None:
    """One that was never declared lives on, and the secret stays with it."""
    more = {"name": "A", "webhook_url": "https://fallback.example/"}
    there, after = tool(MASK, server=OLD) | more, tool(SECRET) | more
    assert egress(after, there, tool(KEPT, server=OLD) | more) == REFUSED
    assert egress(after, there, None) == []


def test_a_second_tool_may_use_another_path_of_a_host_that_has_the_secret() -> None:
    before, after = tool(KEPT, server=OLD), tool(SECRET, server=OLD)
    more = tool(SECRET, "book", server="https://old.example/book")["llm_config"]["tools"][1:]
    after["llm_config"]["tools"] += more
    for applied in (before | {"name": "A"}, None):
        assert egress(after | {"name": "A"}, tool(MASK, server=OLD) | {"name": "A"}, applied) == []
    more[0]["server"]["url"] = "https://new.example/book"
    for applied in (before | {"name": "A"}, None):
        assert egress(after | {"name": "A"}, tool(MASK, server=OLD) | {"name": "A"}, applied) == REFUSED


def test_a_tool_without_a_url_follows_the_webhook() -> None:
    before = tool(KEPT) | {"name": "A", "webhook_url": OLD}
    after = tool(SECRET) | {"name": "A", "webhook_url": "https://new.example/"}
    assert egress(after, tool(MASK) | {"name": "A", "webhook_url": OLD}, before) == REFUSED


def other(url: str, secret: Any = SECRET) -> Any:
    return resource("assistants.b", name="B", webhook_url=url, webhook_secret=secret)


@pytest.mark.parametrize(
    ("url", "secret", "refused"),
    [
        ("https://old.example/other", SECRET, False),
        ("https://new.example/", SECRET, True),
        ("https://new.example/", Secret("s", "new", "f2"), True),  # whoever proposes it has not made the new value
        ("https://old.example:444/", SECRET, True),
        ("http://old.example/", SECRET, True),
        ("https://old.example\\@new.example/", SECRET, True),
        ("https://new.example/", RENAMED, False),
    ],
)
@pytest.mark.parametrize("remembers", [True, False])
def test_a_new_object_gets_a_known_secret_only_at_a_host_that_has_it(
    url: str, secret: Secret, *, refused: bool, remembers: bool
) -> None:
    """Known to the state; without one, by the live object that the declared one is."""
    stack = declared(resource("assistants.a", **hook()), other(url, secret))
    state = remembered(*([bound("assistants.a", "a1", **hook(secret=KEPT))] if remembers else []))
    plan = planned(stack, live(remote("assistants", "a1", **hook(secret=MASK))), state)
    assert flags(plan) == (["egress:assistants.b"] if refused else [])


@pytest.mark.parametrize("host", ["hooks.zapier.com", "hook.eu1.make.com", "hooks.slack.com", "webhook.site"])
def test_on_a_host_of_many_the_path_is_the_receiver(host: str) -> None:
    stack = declared(resource("assistants.a", **hook(f"https://{host}/1/a")), other(f"https://{host}/2/b"))
    state = remembered(bound("assistants.a", "a1", **hook(f"https://{host}/1/a", KEPT)))
    plan = planned(stack, live(remote("assistants", "a1", **hook(f"https://{host}/1/a", MASK))), state)
    assert flags(plan) == ["egress:assistants.b"]


def test_a_live_trunk_whose_address_differs_gets_no_password() -> None:
    stack = declared(resource("sip_trunks.t", **{**TRUNK, "address": "sip.other"}, auth_password=SECRET))
    plan = planned(stack, live(remote("sip_trunks", "t1", **TRUNK)), remembered())
    assert "egress:sip_trunks.t" in flags(plan)


def test_a_refusal_shows_no_token_of_a_url() -> None:
    new = "https://new.example/hook?token=tok-123456789"
    (refusal,) = planned(
        declared(resource("assistants.a", **hook(new, RAISED))),
        live(remote("assistants", "a1", **hook(secret=MASK))),
        remembered(bound("assistants.a", "a1", **hook(secret=KEPT))),
    ).refusals
    assert refusal.reason == (
        "webhook_secret would go to new.example/hook?token=(sensitive value); so far it went to old.example/hook"
    )
