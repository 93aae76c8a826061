"""The rate limit is kept before the API has to say 429, whatever its window is."""

from __future__ import annotations

import asyncio
import copy
import email.utils
import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hmsplan.api.client import WriteClient
from hmsplan.api.rate_limit import LONGEST_WAIT_S, Pacer, backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MINUTE = 1_700_000_040.0  # Unix seconds at which a minute begins


class Now:
    """A clock that moves only when somebody sleeps."""

    def __init__(self, wall: float = MINUTE) -> None:
        self.passed = 1000.0
        self.start = wall - 1000.0

    def clock(self) -> float:
        return self.passed

    def wall(self) -> float:
        return self.start + self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


def pacer(now: Now, on_wait: Callable[[float], None] | None = None) -> Pacer:
    return Pacer(clock=now.clock, wall=now.wall, sleep=now.sleep, random=lambda: 0.5, on_wait=on_wait)


def headers(remaining: int, reset: float, **more: str) -> dict[str, str]:
    return {
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": f"{reset:g}" if reset < 0 else str(int(reset)),
        **more,
    }


async def once(limiter: Pacer, answer: Mapping[str, str] | None = None) -> None:
    await limiter.admit()
    limiter.settle(answer)


def date(at: float) -> dict[str, str]:
    return {"date": email.utils.formatdate(at, usegmt=True)}


# --- The limiter alone ------------------------------------------------------------------------------------------------


def test_the_time_is_ours_until_an_answer_has_a_date() -> None:
    """Then it is the API's, and goes on by the clock that only grows, whatever becomes of ours."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        await once(limiter, {})
        assert limiter.server_now() == MINUTE
        await once(limiter, date(MINUTE + 86_400))
        assert limiter.server_now() == MINUTE + 86_400
        now.passed += 10
        now.start -= 3600  # somebody set our clock
        assert limiter.server_now() == MINUTE + 86_410

    asyncio.run(main())


def test_the_latest_that_the_api_may_mean_by_a_whole_second_is_the_next() -> None:
    async def main() -> None:
        limiter = pacer(Now())
        assert limiter.server_latest() == MINUTE  # our own clock is not rounded
        await once(limiter, date(MINUTE))
        assert limiter.server_latest() == MINUTE + 1

    asyncio.run(main())


@pytest.mark.parametrize(("off_s", "told"), [(0, []), (-59, []), (61, [-61.0]), (-86_400, [86_400.0])])
def test_a_clock_more_than_a_minute_off_is_told_once(off_s: int, told: list[float]) -> None:
    async def main() -> None:
        now, heard = Now(), list[float]()
        limiter = Pacer(clock=now.clock, wall=now.wall, sleep=now.sleep, random=lambda: 0.5, on_skew=heard.append)
        for later in range(3):
            await once(limiter, date(now.wall() + off_s + later))
        assert heard == told

    asyncio.run(main())


def test_without_headers_nothing_is_held_back() -> None:
    """An API that says nothing of a limit is not paced."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        for _ in range(1000):
            await once(limiter, {})
        assert limiter.waited_s == 0

    asyncio.run(main())


def test_requests_in_flight_count_against_what_is_left() -> None:
    """With 2 left and 2 in flight, a third request waits for an answer."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        await once(limiter, headers(2, MINUTE + 60))
        await limiter.admit()
        await limiter.admit()
        third = asyncio.create_task(limiter.admit())
        await asyncio.sleep(0)
        assert not third.done()
        limiter.settle(headers(1, MINUTE + 60))
        await asyncio.sleep(0)
        assert not third.done()  # 1 left, and 1 in flight
        limiter.settle(headers(0, MINUTE + 60))
        await third
        assert now.wall() >= MINUTE + 60

    asyncio.run(main())


def test_the_smallest_view_of_a_window_counts() -> None:
    """Answers that overtake each other do not make more of what is left."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        for _ in range(3):
            await limiter.admit()
        for remaining in (0, 1, 2):
            limiter.settle(headers(remaining, MINUTE + 60))
        await limiter.admit()
        assert now.wall() >= MINUTE + 60

    asyncio.run(main())


def test_an_answer_of_an_older_window_is_no_news() -> None:
    """A late answer, counted before the window turned, does not close the new one."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        await limiter.admit()
        await limiter.admit()
        limiter.settle(headers(90, MINUTE + 60))
        limiter.settle(headers(0, MINUTE))
        await limiter.admit()
        assert limiter.waited_s == 0

    asyncio.run(main())


def test_after_the_reset_one_request_goes_ahead_alone() -> None:
    """Under a sliding window only one request is free at the reset, so the second waits for the first one's answer."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        await once(limiter, headers(0, MINUTE + 60))
        await limiter.admit()
        second = asyncio.create_task(limiter.admit())
        await asyncio.sleep(0)
        assert not second.done()
        limiter.settle(headers(5, MINUTE + 120))
        await second

    asyncio.run(main())


def test_an_answer_that_got_lost_counts_as_one_less() -> None:
    """A request without an answer may have counted."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        await once(limiter, headers(1, MINUTE + 60))
        await once(limiter, None)
        await limiter.admit()
        assert now.wall() >= MINUTE + 60

    asyncio.run(main())


@pytest.mark.parametrize("skew_s", [-3600.0, -7.0, 0.0, 7.0, 3600.0])
def test_the_date_of_the_answers_corrects_our_clock(skew_s: float) -> None:
    """Reset is the server's time; a clock of ours that is an hour off waits neither an hour nor not at all."""

    async def main() -> None:
        now = Now(MINUTE + skew_s)
        limiter = pacer(now)
        date = email.utils.formatdate(MINUTE, usegmt=True)
        await once(limiter, headers(0, MINUTE + 40, date=date))
        await limiter.admit()
        assert 40 <= limiter.waited_s <= 42

    asyncio.run(main())


@pytest.mark.parametrize("reset", [MINUTE + 1e6, MINUTE * 1000, 32, -5, 0])
def test_an_absurd_reset_never_makes_anybody_wait_long(reset: float) -> None:
    """Milliseconds, a span in place of a time or nonsense: at most 120 seconds."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        await once(limiter, headers(0, reset))
        await limiter.admit()
        assert limiter.waited_s <= LONGEST_WAIT_S

    asyncio.run(main())


@pytest.mark.parametrize("text", ["", "many", "nan", "inf", "-3", "1e999", "٣"])
def test_nonsense_in_a_header_is_no_crash(text: str) -> None:
    """Headers are foreign text."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        for name in ("x-ratelimit-remaining", "x-ratelimit-reset", "date", "retry-after"):
            await once(limiter, {**headers(5, MINUTE + 60), name: text})
        assert limiter.retry_after({"retry-after": text}, {"retry_after": text}) in {None, 3.0}
        assert limiter.waited_s <= 62

    asyncio.run(main())


def test_a_429_stops_everybody_and_then_one_goes_ahead() -> None:
    """After Retry-After a single request asks whether the way is free."""

    async def main() -> None:
        now = Now()
        waits: list[float] = []
        limiter = pacer(now, waits.append)
        await limiter.admit()
        limiter.settle({}, refused=True)
        limiter.close(12.0)
        await limiter.admit()
        assert waits == [12.0]
        second = asyncio.create_task(limiter.admit())
        await asyncio.sleep(0)
        assert not second.done()
        limiter.settle(headers(50, MINUTE + 60))
        await second
        assert limiter.waited_s == 12.0

    asyncio.run(main())


def test_429s_in_a_row_make_the_wait_grow() -> None:
    """A server that keeps asking for a second is asked less and less often."""

    async def main() -> None:
        now = Now()
        waits: list[float] = []
        limiter = pacer(now, waits.append)
        for _ in range(7):
            await limiter.admit()
            limiter.settle({}, refused=True)
            limiter.close(1.0)
        assert waits == [1.0, 1.0, 2.0, 4.0, 8.0, 16.0]

    asyncio.run(main())


def test_a_wait_past_the_deadline_is_refused_at_once() -> None:
    """Nobody waits for what will not be sent."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        await once(limiter, headers(0, MINUTE + 60))
        with pytest.raises(TimeoutError):
            await limiter.admit(until=now.clock() + 30)
        assert limiter.waited_s == 0
        await limiter.admit(until=now.clock() + 90)

    asyncio.run(main())


def test_a_waiting_request_that_is_cancelled_reserves_nothing() -> None:
    """The next in line is not held up by one that gave up."""

    async def main() -> None:
        now = Now()
        limiter = pacer(now)
        await once(limiter, headers(1, MINUTE + 60))
        await limiter.admit()
        waiting = [asyncio.create_task(limiter.admit()) for _ in range(3)]
        await asyncio.sleep(0)
        for task in waiting[:2]:
            task.cancel()
        limiter.settle(headers(7, MINUTE + 120))
        await waiting[2]
        assert limiter._in_flight == 1

    asyncio.run(main())


# --- Retry-After ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_headers", "body", "expected"),
    [
        ({"retry-after": "7"}, None, 7.0),
        ({"retry-after": "7"}, {"retry_after": 9}, 7.0),
        ({"retry-after": "1000000000"}, None, LONGEST_WAIT_S),
        ({"retry-after": "-5"}, None, None),
        ({"retry-after": "0"}, None, None),
        ({"retry-after": "soon"}, None, None),
        ({"retry-after": "-5"}, {"retry_after": 3}, 3.0),
        ({}, {"retry_after": 4.5}, 4.5),
        ({}, {"retry_after": "6"}, 6.0),
        ({}, {"retry_after": True}, None),
        ({}, {"retry_after": -1}, None),
        ({}, ["retry_after"], None),
        ({"retry-after": email.utils.formatdate(MINUTE + 30, usegmt=True)}, None, 30.0),
        ({"retry-after": email.utils.formatdate(MINUTE + 1e8, usegmt=True)}, None, LONGEST_WAIT_S),
        ({"retry-after": email.utils.formatdate(MINUTE - 30, usegmt=True)}, None, None),
        ({"x-ratelimit-reset": str(int(MINUTE + 20)), "x-ratelimit-remaining": "0"}, None, 21.0),
        ({"x-ratelimit-reset": str(int(MINUTE + 20)), "x-ratelimit-remaining": "80"}, None, None),
    ],
)
def test_retry_after_is_read_in_every_form_and_clamped(
    given_headers: dict[str, str], body: Any, expected: float | None
) -> None:
    """Seconds, an HTTP date, the body, or else the reset; negative is nothing, and two minutes are the most."""
    now = Now()
    said = pacer(now).retry_after({"date": email.utils.formatdate(MINUTE, usegmt=True), **given_headers}, body)
    assert said == (pytest.approx(expected) if expected is not None else None)


@given(st.integers(1, 1000), st.floats(0, 1))
def test_backoff_is_jittered_and_capped(failures: int, luck: float) -> None:
    """From nothing up to 1, 2, 4, and never more than 8 seconds."""
    assert 0 <= backoff(failures, lambda: luck) <= min(8.0, 2.0 ** min(failures - 1, 10))


# --- The whole client against simulated servers, on simulated time ----------------------------------------------------


class SimulatedTime(asyncio.SelectorEventLoop):
    """A loop in which waiting takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0
        self._selector.select = self._select  # type: ignore[attr-defined]

    def _select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise AssertionError("everybody waits for somebody else")
        self.passed += timeout
        return []

    def time(self) -> float:
        return self.passed


@dataclass
class Server:
    """A limit of requests a minute, in a fixed or sliding window."""

    sliding: bool
    start: float = MINUTE
    limit: int = 100
    reset: str = "first"  # or "last": when the window is empty
    rounded: Callable[[float], int] = math.ceil
    latency_s: float = 0.2
    says: bool = True
    dated: bool = True
    times: list[float] = field(default_factory=list, repr=False)
    accepted: list[float] = field(default_factory=list, repr=False)
    refused: int = field(default=0, repr=False)
    bodies: list[bytes] = field(default_factory=list, repr=False)

    def now(self) -> float:
        return self.start + asyncio.get_running_loop().time()

    def take(self) -> bool:
        now = self.now()
        begin = now - 60 if self.sliding else math.floor(now / 60) * 60
        self.times = [at for at in self.times if at > begin or (at == begin and not self.sliding)]
        if len(self.times) >= self.limit:
            return False
        self.times.append(now)
        return True

    def opens(self) -> float:
        if not self.sliding:
            return (math.floor(self.now() / 60) + 1) * 60
        return (self.times[0] if self.reset == "first" else self.times[-1]) + 60

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self.latency_s / 2)
        passed = self.take()
        answer = {"Date": email.utils.formatdate(self.now(), usegmt=True)} if self.dated else {}
        if self.says:
            answer["X-RateLimit-Limit"] = str(self.limit)
            answer["X-RateLimit-Remaining"] = str(self.limit - len(self.times))
            answer["X-RateLimit-Reset"] = str(self.rounded(self.opens()))
        await asyncio.sleep(self.latency_s / 2)
        if not passed:
            self.refused += 1
            wait_s = (self.times[0] + 60 if self.sliding else self.opens()) - self.now()
            return httpx.Response(
                429, headers={**answer, "Retry-After": str(max(1, math.ceil(wait_s)))}, json={"error": "x"}
            )
        self.accepted.append(self.now())
        self.bodies.append(request.content)
        return httpx.Response(201, headers=answer, json={"id": "x"})


@dataclass(frozen=True)
class Run:
    took_s: float
    waited_s: float
    retries: int


def simulate(server: Server, creates: int = 300, *, rival: float = 0.0, wrong_by_s: float = 0.0) -> Run:
    async def another_client() -> None:
        while True:
            await asyncio.sleep(60 / rival)
            server.take()

    async def main() -> Run:
        loop = asyncio.get_running_loop()
        other = asyncio.create_task(another_client()) if rival else None
        client = WriteClient(
            "http://127.0.0.1:1",
            api_key="fl_test",
            transport=httpx.MockTransport(server),
            clock=loop.time,
            wall=lambda: server.now() + wrong_by_s,
            random=random.Random(4).random,
        )
        async with client, asyncio.TaskGroup() as group:
            for number in range(creates):
                group.create_task(client.post(("assistants",), {"name": number}))
        if other:
            other.cancel()
        return Run(loop.time(), client.waited_s, client.retries)

    with asyncio.Runner(loop_factory=SimulatedTime) as runner:
        return runner.run(main())


def ideal_s(server: Server, creates: int) -> float:
    """The time that ten connections need when everything is sent the moment it may be."""
    free_at = [0.0] * 10
    accepted: list[float] = []
    for _ in range(creates):
        at = max(free_at[0] + server.latency_s / 2, accepted[-1] if accepted else 0.0)
        if server.sliding:
            at = max(at, accepted[-server.limit] + 60 if len(accepted) >= server.limit else 0.0)
        else:
            while (
                sum((server.start + other) // 60 == (server.start + at) // 60 for other in accepted[-server.limit :])
                >= server.limit
            ):
                at = ((server.start + at) // 60 + 1) * 60 - server.start
        accepted.append(at)
        free_at = sorted([*free_at[1:], at + server.latency_s / 2])
    return accepted[-1] + server.latency_s / 2


servers = st.builds(
    Server,
    sliding=st.booleans(),
    start=st.floats(MINUTE, MINUTE + 59.9),
    limit=st.sampled_from([20, 100]),
    reset=st.sampled_from(["first", "last"]),
    rounded=st.sampled_from([math.ceil, math.floor]),
    latency_s=st.sampled_from([0.001, 0.05, 0.2, 0.5]),
)


@settings(max_examples=30, deadline=None)
@example(server=Server(sliding=False))
@example(server=Server(sliding=False, start=MINUTE + 30.5))
@example(server=Server(sliding=False, start=MINUTE + 59.0))
@example(server=Server(sliding=True))
@example(server=Server(sliding=True, reset="last", latency_s=0.5))
@given(server=servers)
def test_many_creates_meet_no_429_and_lose_no_time(server: Server) -> None:
    """Three windows' worth of creates, ten at a time: never one too many, and within 10 % of the best possible time.

    Of a sliding window whose Reset tells when the last request leaves it, nothing says when the first one does.
    """
    server, creates = copy.deepcopy(server), 3 * server.limit
    ideal = ideal_s(server, creates)
    run = simulate(server, creates)
    assert server.refused == 0
    assert len(server.accepted) == creates
    most = 1.25 if server.sliding and server.reset == "last" else 1.1
    assert run.took_s <= most * ideal + 1  # the second: all may have begun a moment before a window ended
    assert run.waited_s <= run.took_s


@pytest.mark.parametrize("sliding", [False, True])
@pytest.mark.parametrize("start", [MINUTE, MINUTE + 41.7])
def test_another_client_that_eats_half_is_given_way(sliding: bool, start: float) -> None:
    """What is left by the server's word counts; a 429 is met now and then at most, and every create is made once."""
    server = Server(sliding=sliding, start=start)
    run = simulate(server, rival=50)
    assert server.refused <= 3
    assert len(set(server.bodies)) == len(server.bodies) == 300
    assert run.took_s <= 1.1 * 60 * 300 / 50


@pytest.mark.parametrize("sliding", [False, True])
def test_without_headers_the_429s_set_the_pace(sliding: bool) -> None:
    """Each create is made once all the same, and the 429s stay few."""
    server = Server(sliding=sliding, says=False)
    run = simulate(server)
    assert len(set(server.bodies)) == len(server.bodies) == 300
    assert server.refused == run.retries <= 30


@pytest.mark.parametrize("wrong_by_s", [-40.0, 25.0])
def test_a_wrong_clock_without_dates_costs_429s_but_no_create(wrong_by_s: float) -> None:
    """With nothing to correct our clock by, Retry-After still leads to the end."""
    server = Server(sliding=False, dated=False)
    simulate(server, wrong_by_s=wrong_by_s)
    assert len(server.accepted) == 300
    assert server.refused <= 10


def test_waiting_is_told_before_it_begins() -> None:
    """The command line can say "waiting 58 s for the rate limit"."""
    told: list[float] = []

    async def main() -> None:
        now = Now()
        limiter = pacer(now, told.append)
        await once(limiter, headers(0, MINUTE + 57))
        await limiter.admit()
        assert sum(told) == pytest.approx(limiter.waited_s)

    asyncio.run(main())
    assert told == [58.0]
