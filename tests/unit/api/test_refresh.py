"""What is live is read whole or not at all; nothing is gone on the word of a list alone."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from hmsplan.api.client import ReadClient
from hmsplan.api.refresh import (
    parse_member,
    parse_one,
    read_list,
    read_members,
    read_one,
    read_organization,
    read_snapshot,
)
from hmsplan.errors import ApiError, HmsplanError, NotFound, Unauthorized
from hmsplan.kinds import KINDS
from hmsplan.model import RemoteObject, Secret, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping

    from hmsplan.kinds import Kind

ASSISTANTS, NUMBERS, CAMPAIGNS, TRUNKS = (KINDS[name] for name in ("assistants", "numbers", "campaigns", "sip_trunks"))
CANARY = "canary-7f3a"
LISTED: Final = [kind for kind in KINDS.values() if kind.unfold is None]
EMPTY_ANSWERS: Final = {"byok_keys": {"byok_keys": {}}, "domain": {"domain": None}}


@dataclass
class Api:
    """Live objects by path of the list. A list may hide some of them."""

    objects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    leads: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    cap: int | None = None
    offset: bool = False
    broken: dict[str, httpx.Response] = field(default_factory=dict)
    organization: Any = field(default_factory=lambda: {"id": "org-1", "name": "x"})
    asked: Counter[str] = field(default_factory=Counter)

    def add(self, kind: Kind, *ids: str, **fields: Any) -> None:
        for object_id in ids:
            self.objects.setdefault(kind.path, {})[object_id] = {"id": object_id, "org_id": "org-1", **fields}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked[path] += 1
        if path in self.broken:
            return self.broken[path]
        if path == "/organizations":
            return httpx.Response(200, json=self.organization)
        if found := re.fullmatch(r"/campaigns/([^/]+)/leads", path):
            return httpx.Response(200, json={"leads": self.leads[found[1]]})
        for kind in KINDS.values():
            live = self.objects.get(kind.path, {})
            if path == kind.path:
                empty = EMPTY_ANSWERS.get(kind.name)
                return httpx.Response(200, json=empty or {kind.collection[0]: self.listed(live, request)})
            if path.startswith(f"{kind.path}/"):
                item = live.get(path.rpartition("/")[2])
                return (
                    httpx.Response(200, json={kind.envelope[0]: item})
                    if item
                    else httpx.Response(404, json={"error": "x"})
                )
        return httpx.Response(404, json={"error": "route"})

    def listed(self, live: dict[str, dict[str, Any]], request: httpx.Request) -> list[dict[str, Any]]:
        items = [item for key, item in live.items() if key not in self.hidden]
        start = int(request.url.params.get("offset", 0)) if self.offset else 0
        return items[start:][: self.cap]


def do(api: Callable[[httpx.Request], httpx.Response], work: Callable[[ReadClient], Coroutine[Any, Any, Any]]) -> Any:
    async def no_sleep(_: float) -> None:
        return

    async def main() -> Any:
        transport = httpx.MockTransport(api)
        async with ReadClient("http://127.0.0.1:1", api_key="fl_x", transport=transport, sleep=no_sleep) as client:
            return await work(client)

    return asyncio.run(main())


def always(answer: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(200, json=answer)


def nobody(_: Kind, __: Mapping[str, RemoteObject]) -> Iterable[str]:
    return ()


def snapshot(api: Api, *kinds: Kind, bound: Mapping[str, Collection[str]] | None = None, **more: Any) -> Snapshot:
    found: Snapshot = do(
        api,
        lambda client: read_snapshot(
            client, kinds or tuple(KINDS.values()), bound=bound or {}, **{"wanted": nobody, **more}
        ),
    )
    return found


# --- Whole ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [100, 10_000])
def test_a_snapshot_costs_one_get_a_list(count: int) -> None:
    """At 100 objects and at 10,000: lists only, and no question more."""
    api = Api()
    api.add(ASSISTANTS, *(f"a{number}" for number in range(count)))
    api.add(NUMBERS, "n1")
    found = snapshot(api, bound={"assistants": ["a1", "a99"], "numbers": ["n1"]})
    assert len(found.objects["assistants"]) == count
    assert api.asked == Counter({kind.path: 1 for kind in KINDS.values()})
    assert found.requests == len(KINDS)
    assert (found.gone, found.lagging, found.organization) == (frozenset(), frozenset(), "org-1")


def test_a_snapshot_tells_the_time_of_the_api() -> None:
    """Ages are counted by the clock that the answers show, not by ours."""
    api = Api()
    dated = do(
        lambda request: httpx.Response(
            200, headers={"Date": "Sun, 09 Sep 2001 01:46:40 GMT"}, content=api(request).content
        ),
        lambda client: read_snapshot(client, [ASSISTANTS], bound={}, wanted=nobody),
    )
    assert dated.now == pytest.approx(1_000_000_000, abs=5)


def test_the_lists_are_read_at_once() -> None:
    """Eight lists take the time of one."""
    api, together = Api(), asyncio.Barrier(len(LISTED))
    api.add(NUMBERS, "n1")

    async def handler(request: httpx.Request) -> httpx.Response:
        async with asyncio.timeout(10):
            await together.wait()
        return api(request)

    found = do(handler, lambda client: read_snapshot(client, LISTED, bound={}, wanted=nobody))  # type: ignore[arg-type]
    assert set(found.objects) == {kind.name for kind in LISTED}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(403, json={"error": "no"}), ApiError),
        (httpx.Response(401, json={"error": "key"}), Unauthorized),
        (httpx.Response(500), ApiError),
        (httpx.Response(200, json={"numbers": None}), ApiError),
        (httpx.Response(200, text="<html>"), ApiError),
    ],
)
def test_one_list_that_fails_fails_the_snapshot(answer: httpx.Response, kind: type[ApiError]) -> None:
    """There is no such thing as a part of a snapshot, and the error is the plain one."""
    with pytest.raises(ApiError) as caught:
        snapshot(Api(broken={"/numbers": answer}))
    assert type(caught.value) is kind
    assert caught.value.path == "/numbers"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_documented_envelope_of_a_list_is_read(kind: Kind) -> None:
    """The kind's table says which."""
    for name in kind.collection:
        found = do(always({name: [{"id": "x"}]}), lambda client: read_list(client, kind))
        assert list(found) == ["x"]


# --- Gone, or only not listed -----------------------------------------------------------------------------------------


def test_gone_needs_a_404_of_its_own() -> None:
    """A bound object that a list lacks is looked up; 404 makes it gone."""
    api = Api()
    api.add(ASSISTANTS, "a1")
    found = snapshot(api, ASSISTANTS, bound={"assistants": ["a1", "a2"]})
    assert found.gone == {("assistants", "a2")}
    assert api.asked == Counter({"/assistants": 1, "/assistants/a2": 1})


def test_many_missing_are_all_looked_up() -> None:
    """Never gone without its own 404, however many."""
    api = Api()
    api.add(ASSISTANTS, "a1")
    lost = [f"lost{number}" for number in range(60)]
    found = snapshot(api, ASSISTANTS, bound={"assistants": lost})
    assert found.gone == {("assistants", object_id) for object_id in lost}
    assert found.requests == 61


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(403, json={"error": "no"}), httpx.Response(404, text="<html>")]
)
def test_an_object_that_cannot_be_looked_up_fails_the_snapshot(answer: httpx.Response) -> None:
    """Not knowing is not gone; a 404 page of something before the API neither."""
    api = Api(broken={"/assistants/a2": answer})
    api.add(ASSISTANTS, "a1")
    with pytest.raises(ApiError):
        snapshot(api, ASSISTANTS, bound={"assistants": ["a2"]})


def test_a_list_that_lags_behind_is_completed() -> None:
    """An object that exists takes its place, and the kind is marked: something unbound may be missing too."""
    api = Api(hidden={"a2"})
    api.add(ASSISTANTS, "a1", "a2", "a3")
    found = snapshot(api, ASSISTANTS, bound={"assistants": ["a2", "a4"]})
    assert set(found.objects["assistants"]) == {"a1", "a2", "a3"}
    assert found.gone == {("assistants", "a4")}
    assert found.lagging == {"assistants"}


def test_a_list_that_caught_up_meanwhile_is_no_longer_lagging() -> None:
    """The rest is asked for, and a server without offset answers with the list as it is now."""
    api = Api(hidden={"a2"})
    api.add(ASSISTANTS, "a1", "a2")

    def catching_up(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/assistants/a2":
            api.hidden.clear()
        return api(request)

    found = do(
        catching_up, lambda client: read_snapshot(client, [ASSISTANTS], bound={"assistants": ["a2"]}, wanted=nobody)
    )
    assert (set(found.objects["assistants"]), found.lagging) == ({"a1", "a2"}, frozenset())


def test_a_capped_list_with_an_offset_is_read_to_its_end() -> None:
    """Open question 5: one object of ours beyond the cap is the proof, and the rest is paged."""
    api = Api(cap=100, offset=True)
    api.add(ASSISTANTS, *(f"a{number:03}" for number in range(250)))
    found = snapshot(api, ASSISTANTS, bound={"assistants": ["a000", "a199"]})
    assert len(found.objects["assistants"]) == 250
    assert found.lagging == frozenset()


@pytest.mark.parametrize("cap", [50, 100, 250])
def test_a_capped_list_without_an_offset_is_an_error(cap: int) -> None:
    """What nothing binds cannot be seen, and would be created a second time."""
    api = Api(cap=cap)
    api.add(ASSISTANTS, *(f"a{number:03}" for number in range(cap + 1)))
    with pytest.raises(ApiError, match=f"the list is incomplete: {cap} objects, and not a{cap:03}, which exist"):
        snapshot(api, ASSISTANTS, bound={"assistants": [f"a{cap:03}"]})


def test_a_list_that_lacks_more_than_a_few_is_an_error() -> None:
    """Twenty may lag behind, no more."""
    ids = [f"a{number:03}" for number in range(60)]
    api = Api(hidden=set(ids[:20]))
    api.add(ASSISTANTS, *ids)
    assert len(snapshot(api, ASSISTANTS, bound={"assistants": ids}).objects["assistants"]) == 60
    api.hidden = set(ids[:21])
    with pytest.raises(ApiError, match="incomplete"):
        snapshot(api, ASSISTANTS, bound={"assistants": ids})


@dataclass
class Late:
    """An API that answers 404 for the leads of a campaign that its list shows, for a while."""

    api: Api
    seconds: float
    passed: float = 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/leads") and self.passed < self.seconds:
            return httpx.Response(404, json={"error": "Not found"})
        return self.api(request)

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def read(self, patience_s: float) -> Snapshot:
        async def main() -> Snapshot:
            client = ReadClient(
                "http://127.0.0.1:1",
                api_key="fl_x",
                transport=httpx.MockTransport(self),
                sleep=self.sleep,
                clock=lambda: self.passed,
                wall=lambda: self.passed,
            )
            async with client:
                return await read_snapshot(
                    client, [CAMPAIGNS], bound={}, wanted=lambda _, objects: list(objects), patience_s=patience_s
                )

        return asyncio.run(main())


def campaign_of(*leads: str) -> Api:
    api = Api(leads={"c1": [{"id": each, "phone_number": "+31"} for each in leads]})
    api.add(CAMPAIGNS, "c1", name="Spring")
    return api


def test_leads_of_a_campaign_that_was_just_listed_are_asked_for_again_after_a_404() -> None:
    """Two servers behind one name: the one that has the leads has not heard of the campaign yet."""
    found = Late(campaign_of("l1"), seconds=5).read(patience_s=30)
    assert [lead.id for lead in found.members["c1"]] == ["l1"]


def test_leads_that_answer_404_all_the_time_are_an_error_that_says_what_it_may_mean() -> None:
    late = Late(campaign_of("l1"), seconds=60)
    with pytest.raises(NotFound, match=r"the list shows the campaign.* in a minute.* campaign c1 in the dashboard"):
        late.read(patience_s=30)
    assert 20 < late.passed <= 30


def test_a_campaign_that_is_deleted_while_its_leads_are_read_is_gone() -> None:
    """The list does not show it any more: there is nothing to wait for."""
    api = campaign_of()
    late = Late(api, seconds=60)

    def deleted(request: httpx.Request) -> httpx.Response:
        answer = late(request)
        if answer.status_code == 404:
            api.objects.clear()
        return answer

    found = do(
        deleted,
        lambda client: read_snapshot(client, [CAMPAIGNS], bound={}, wanted=lambda _, o: list(o), patience_s=30),
    )
    assert (found.objects["campaigns"], found.members) == ({}, {})


def test_an_empty_list_while_objects_exist_is_an_error() -> None:
    """A few are looked up first, so that this is known soon."""
    ids = [f"a{number:03}" for number in range(60)]
    api = Api(hidden=set(ids))
    api.add(ASSISTANTS, *ids)
    with pytest.raises(ApiError, match="came back empty, yet"):
        snapshot(api, ASSISTANTS, bound={"assistants": ids})
    assert api.asked == {"/assistants": 1, "/organizations": 1} | {f"/assistants/a{n:03}": 1 for n in range(5)}
    api.objects["/assistants"] = {"a059": {"id": "a059"}}
    with pytest.raises(ApiError, match="came back empty, yet a059 exists"):
        snapshot(api, ASSISTANTS, bound={"assistants": ids})


def test_an_empty_list_of_an_empty_organization_is_empty() -> None:
    """Every bound object answers 404: all are gone."""
    found = snapshot(Api(), ASSISTANTS, bound={"assistants": ["a1", "a2"]})
    assert found.objects["assistants"] == {}
    assert found.gone == {("assistants", "a1"), ("assistants", "a2")}


# --- Members and the organization -------------------------------------------------------------------------------------


def test_members_are_read_for_the_parents_that_are_wanted() -> None:
    """In the order of the API, and for no other campaign."""
    api = Api(leads={"c1": [{"id": "l2", "phone_number": "+1"}, {"id": "l1"}]})
    api.add(CAMPAIGNS, "c1", "c2")
    found = snapshot(
        api, CAMPAIGNS, wanted=lambda kind, live: [key for key in live if key == "c1"] if kind.members else ()
    )
    assert [lead.id for lead in found.members["c1"]] == ["l2", "l1"]
    assert found.members["c1"][0].kind == "leads"
    assert set(found.members) == {"c1"}
    assert found.requests == 2


def test_members_that_cannot_be_read_fail_the_snapshot() -> None:
    """Half a campaign is none."""
    api = Api(broken={"/campaigns/c1/leads": httpx.Response(200, json={"items": []})})
    api.add(CAMPAIGNS, "c1")
    with pytest.raises(ApiError):
        snapshot(api, CAMPAIGNS, wanted=lambda _, live: live)
    with pytest.raises(ValueError, match="no members"):
        do(api, lambda client: read_members(client, NUMBERS, "n1"))


def test_the_organization_comes_from_the_objects_or_is_asked_for() -> None:
    """Any org_id tells it; none or two of them tell nothing, and one GET /organizations does."""
    api = Api()
    assert snapshot(api, *LISTED).organization == "org-1"
    api.add(NUMBERS, "n1")
    api.organization = {"organization": {"id": "org-2"}}
    assert snapshot(api, *LISTED).organization == "org-1"
    assert api.asked["/organizations"] == 1
    assert snapshot(api, *LISTED, expect_organization=True).organization == "org-2"
    api.objects["/numbers"]["n2"] = {"id": "n2", "org_id": "org-3"}
    assert snapshot(api, *LISTED).organization == "org-2"
    assert api.asked["/organizations"] == 3


def test_a_key_that_may_not_ask_leaves_it_to_the_objects() -> None:
    """403 or 404 is no answer; anything else is an error."""
    api = Api(broken={"/organizations": httpx.Response(403, json={"error": "no"})})
    api.add(NUMBERS, "n1")
    assert snapshot(api, *LISTED, expect_organization=True).organization == "org-1"
    api.broken["/organizations"] = httpx.Response(200, json={"name": "x"})
    with pytest.raises(ApiError, match="no id"):
        do(api, read_organization)
    api.broken["/organizations"] = httpx.Response(401, json={"error": "no"})
    with pytest.raises(Unauthorized):
        snapshot(api, *LISTED, expect_organization=True)


def test_the_object_that_is_the_organization_tells_which_it_is() -> None:
    """It costs no second GET."""
    api = Api(organization={"id": "org-7"})
    found = snapshot(api, KINDS["organization"], expect_organization=True)
    assert (found.organization, api.asked) == ("org-7", Counter({"/organizations": 1}))


@pytest.mark.parametrize("status", [403, 404])
def test_a_kind_that_nothing_needs_and_the_key_may_not_read_is_left_out(status: int) -> None:
    """An older key, or an API without the path: what is managed is read all the same."""
    api = Api(broken={"/byok": httpx.Response(status, json={"error": "no"})})
    assert snapshot(api, needed={"numbers"}).objects.keys() == KINDS.keys() - {"byok_keys"}
    with pytest.raises(ApiError):
        snapshot(api, needed={"byok_keys"})
    api.broken["/byok"] = httpx.Response(401, json={"error": "no"})
    with pytest.raises(Unauthorized):
        snapshot(api, needed={"numbers"})


def test_another_organization_is_told_before_its_objects_are_looked_up() -> None:
    """Ten thousand ids of ours would all be 404 there, and take an hour and a half."""

    def refuse(organization: str | None) -> None:
        raise HmsplanError(f"not {organization}")

    api = Api()
    api.add(NUMBERS, "n1")
    with pytest.raises(HmsplanError, match="not org-1"):
        snapshot(api, NUMBERS, bound={"numbers": ["x"] * 3}, on_organization=refuse)
    assert api.asked == Counter({"/numbers": 1})


# --- One object -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LISTED, ids=lambda kind: kind.name)
def test_one_object_is_read_from_every_envelope_and_from_none(kind: Kind) -> None:
    """Each documented name, or the bare object."""
    item = {"id": "x", "name": "n"}
    for payload in (*({name: item, "success": True} for name in kind.envelope), item):
        found = do(always(payload), lambda client: read_one(client, kind, "x"))
        assert found == RemoteObject(kind.name, "x", item)


def test_an_object_that_is_not_there_is_none() -> None:
    """404, and only that."""
    assert do(Api(), lambda client: read_one(client, NUMBERS, "n1")) is None


@pytest.mark.parametrize(
    "answer", [{}, [], {"number": None}, {"number": {}}, {"number": {"id": 3}}, {"number": {"id": "other"}}]
)
def test_an_answer_that_is_not_the_object_is_an_error(answer: Any) -> None:
    """Another id, or none, is no basis for a write."""
    with pytest.raises(ApiError, match="not the object"):
        do(always(answer), lambda client: read_one(client, NUMBERS, "n1"))


@pytest.mark.parametrize(
    "payload", [None, {}, {"success": True}, [], "x", {"assistant": None}, {"assistant": {"name": "x"}}]
)
def test_an_answer_of_a_write_without_an_object_is_none(payload: Any) -> None:
    """204, {success: true} or something odd: the caller reads back."""
    assert parse_one(ASSISTANTS, payload) is None
    assert parse_member(CAMPAIGNS, payload) is None


def test_a_member_is_read_from_its_envelope() -> None:
    """POST of a lead answers with `lead`."""
    assert parse_member(CAMPAIGNS, {"lead": {"id": "l1"}}) == RemoteObject("leads", "l1", {"id": "l1"})


# --- What the fields become -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"assistant_id": "a"}, {"agent_id": "a"}),
        ({"assistant_id": "a", "agent_id": None}, {"agent_id": "a"}),
        ({"assistant_id": "a", "agent_id": "b"}, {"agent_id": "b"}),
        ({"assistant_id": None}, {"agent_id": None}),
        ({"agent_id": "b"}, {"agent_id": "b"}),
        ({}, {}),
    ],
)
def test_aliases_are_settled_and_unknown_fields_kept(given: dict[str, Any], fields: dict[str, Any]) -> None:
    """ "Read either, write agent_id"."""
    found = parse_one(NUMBERS, {"number": {"id": "n", "newest": [1], **given}})
    assert found is not None
    assert found.fields == {"id": "n", "newest": [1], **fields}


def test_live_secrets_are_wrapped_wherever_they_stand() -> None:
    """Flat and nested tools, strings and anything else; null and absent stay; the value can be sent again."""
    item = {
        "id": "a",
        "webhook_secret": CANARY,
        "llm_config": {
            "tools": [
                {"server": {"url": "u", "secret": CANARY}},
                {"type": "function", "function": {"name": "f", "server": {"secret": {"masked": CANARY}}}},
                {"type": "function", "function": {"name": "f"}, "server": {"secret": CANARY}},
                {"server": {"secret": None}},
                {"server": "odd"},
                "odd",
                None,
            ]
        },
    }
    found = parse_one(ASSISTANTS, {"assistant": item})
    assert found is not None
    assert CANARY not in repr(found)
    assert CANARY not in str(found.fields)
    tools = found.fields["llm_config"]["tools"]
    assert found.fields["webhook_secret"].reveal() == tools[0]["server"]["secret"].reveal() == CANARY
    assert found.fields["webhook_secret"].name == Secret.LIVE
    assert tools[0]["server"]["url"] == "u"
    assert tools[3] == {"server": {"secret": None}}
    again = parse_one(ASSISTANTS, item)
    assert again is not None
    assert again.fields["webhook_secret"].reveal() == CANARY


@pytest.mark.parametrize(
    "odd", [{}, {"llm_config": None}, {"llm_config": []}, {"llm_config": {"tools": {}}}, {"webhook_secret": None}]
)
def test_odd_shapes_hold_no_secret_and_break_nothing(odd: dict[str, Any]) -> None:
    """The API's objects are open."""
    found = parse_one(ASSISTANTS, {"id": "a", **odd})
    assert found is not None
    assert found.fields == {"id": "a", **odd}


def test_no_secret_of_a_snapshot_shows() -> None:
    """Not in a repr of the whole snapshot."""
    api = Api()
    api.add(ASSISTANTS, "a1", webhook_secret=CANARY)
    api.add(TRUNKS, "t1", auth_password=CANARY)
    found = snapshot(api)
    assert CANARY not in repr(found)
    assert found.objects["sip_trunks"]["t1"].fields["auth_password"].reveal() == CANARY


def test_a_secret_in_camel_case_is_wrapped_too() -> None:
    """Nobody knows of a field that comes so, but envelopes do ("toolTemplate"); hiding one too many hurts nobody."""
    answer = {
        "id": "a1",
        "webhookSecret": CANARY,
        "llmConfig": {"tools": [{"function": {"server": {"secret": CANARY}}}, "odd", {"server": {"secret": CANARY}}]},
        "llm_config": {"tools": [{"server": {"secret": CANARY}}]},
    }
    found = parse_one(ASSISTANTS, answer)
    assert found is not None
    assert CANARY not in repr(found)
    trunk = parse_one(KINDS["sip_trunks"], {"trunk": {"id": "t1", "authPassword": CANARY}})
    assert CANARY not in repr(trunk)
