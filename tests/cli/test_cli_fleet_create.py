"""``hmsplan fleet create``: an organization is made once, and its key goes to the sink and nowhere else."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.fleets import write_fleet

from hmsplan.emulator import Emulator, Fault, Settings, running

from .helpers import MAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .helpers import Cli, Result

AGENCY = "fl_live_agency_0123456789"
ISSUED = re.compile(r"fl_live_[0-9a-f]{32}")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(settings=Settings(rate_limit=None)) as made:
        made.organization(AGENCY)
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fleet(tmp_path / "agency", ["zuid", "noord"])


@pytest.fixture
def url(emulator: Emulator) -> Iterator[str]:
    with running(emulator) as at:
        yield at


@pytest.fixture
def fleet(cli: Cli, root: Path, url: str) -> Callable[..., Result]:
    def call(*args: str, **env: str) -> Result:
        said = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": AGENCY, **env}
        result = cli("-C", str(root), "fleet", *args, **said)
        assert not ISSUED.search(result.out + result.err)
        return result

    return call


def told(result: Result) -> str:
    """Return what a person reads, in one line."""
    return " ".join((result.out + result.err).split())


def children(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.app.store.children(emulator.app.store.organizations()[0])


def posts(emulator: Emulator) -> int:
    return sum((each.method, each.path) == ("POST", "/organizations") for each in emulator.requests)


def journal(root: Path) -> str:
    return (root / ".hmsplan/organizations/fleet/journal.jsonl").read_text("utf-8")


def test_the_key_goes_into_a_file_that_only_its_user_reads(
    fleet: Callable[..., Result], emulator: Emulator, tmp_path: Path, root: Path
) -> None:
    sink = tmp_path / "zuid.key"
    done = fleet("-vvv", "create", "zuid", "--sink", f"file:{sink}", "--name", "Tandartsen Zuid", "-y")
    assert done.code == 0, done
    (child,) = children(emulator)
    assert child["name"] == "Tandartsen Zuid"
    assert stat.S_IMODE(sink.stat().st_mode) == 0o600
    assert ISSUED.fullmatch(sink.read_text("utf-8").rstrip("\n"))
    assert '+ name = "Tandartsen Zuid"' in told(done)
    assert f"Write {child['id']} at clients.csv:2:1 into a column organization, which the table lacks." in told(done)
    assert f'  export HMS_KEY_ZUID="$(cat {sink})"\n' in done.out
    assert f"Keep {sink} out of git." in told(done)
    assert not ISSUED.search(journal(root))
    plan = fleet("plan", "--member", "zuid", "--executor", "threads", HMS_KEY_ZUID=sink.read_text("utf-8"))
    assert (plan.code, "1 to add" in plan.out) == (0, True)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ("${csv:clients.csv}", "Write {id} at clients.csv:2:1 into the column organization."),
        ("[{name: zuid, key: secret:zuid_key}]", "Write organization: {id} at fleet.yaml:1:18."),
    ],
    ids=["column", "list"],
)
def test_where_to_write_the_organization_is_where_the_member_stands(
    fleet: Callable[..., Result], emulator: Emulator, root: Path, members: str, said: str
) -> None:
    (root / "fleet.yaml").write_text(f"members: {members}\nstack: clinics\n", "utf-8")
    (root / "clients.csv").write_text("name,key,organization\nzuid,HMS_KEY_ZUID,\n", "utf-8")
    done = fleet("create", "zuid", "--sink", "exec:cat > /dev/null", "-y", COLUMNS="80")
    assert said.format(id=children(emulator)[0]["id"]) in told(done)
    variable = "HMS_KEY_ZUID" if "csv" in members else "HMSPLAN_SECRET_ZUID_KEY"
    assert f"Give the key as {variable}." in told(done)
    assert "$(cat " not in done.out


def test_without_the_key_of_the_agency_the_advice_is_one_for_fleets(fleet: Callable[..., Result]) -> None:
    refused = fleet("create", "zuid", "--sink", "exec:cat", "-y", HMS_SOVEREIGN_API_KEY="")
    assert (refused.code, "HMS_SOVEREIGN_API_KEY is not set" in told(refused)) == (9, True)
    assert "--emulator" not in told(refused)
    assert re.search(r"^ *hmsplan -C \S+ emulator$", refused.err, re.MULTILINE)
    assert re.search(r"^ *export HMS_SOVEREIGN_BASE_URL=http", refused.err, re.MULTILINE)


def test_a_command_gets_the_key_on_stdin_and_nothing_else(
    fleet: Callable[..., Result], tmp_path: Path, emulator: Emulator
) -> None:
    kept = tmp_path / "kept"
    command = f"cat > {kept}; env > {kept}.env; cat {kept}"
    done = fleet("create", "zuid", "--sink", f"exec:{command}", "-y", "--json")
    assert done.code == 0
    assert done.json["organization"] == children(emulator)[0]["id"]
    assert ISSUED.fullmatch(kept.read_text("utf-8"))
    environ = Path(f"{kept}.env").read_text("utf-8")
    assert AGENCY not in environ
    assert not ISSUED.search(environ)


def test_nothing_is_sent_without_a_place_for_the_key(
    fleet: Callable[..., Result], emulator: Emulator, tmp_path: Path
) -> None:
    without = fleet("create", "zuid", "-y")
    assert without.code == 4
    assert "--sink file:PATH" in told(without)
    assert "vault is not a sink" in told(fleet("create", "zuid", "--sink", "vault:x", "-y"))
    full = tmp_path / "full"
    full.write_text("something", "utf-8")
    for place in (str(full), str(tmp_path), str(tmp_path / "missing" / "key")):
        refused = fleet("create", "zuid", "--sink", f"file:{place}", "-y")
        assert (refused.code, "Secret sink refused" in told(refused)) == (1, True)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    assert fleet("create", "zuid", "--sink", f"file:{link}", "-y").code == 1
    assert full.read_text("utf-8") == "something"
    assert posts(emulator) == 0


def test_what_was_not_reviewed_is_not_made(fleet: Callable[..., Result], emulator: Emulator, tmp_path: Path) -> None:
    sink = f"file:{tmp_path / 'key'}"
    shown = fleet("create", "zuid", "--sink", sink)
    assert (shown.code, "add -y" in told(shown)) == (1, True)
    digest = re.findall(r"organization:[0-9a-f]{64}", shown.out)[0]
    other = fleet("create", "zuid", "--sink", sink, "--name", "Other", "-y", "--expect-digest", digest)
    assert (other.code, posts(emulator)) == (5, 0)
    assert fleet("create", "zuid", "--sink", sink, "-y", "--expect-digest", "").code == 5
    assert not (tmp_path / "key").exists()
    assert fleet("create", "zuid", "--sink", sink, "-y", "--expect-digest", digest).code == 0


def test_a_member_gets_one_organization(fleet: Callable[..., Result], emulator: Emulator, tmp_path: Path) -> None:
    assert fleet("create", "zuid", "--sink", f"file:{tmp_path / 'one'}", "-y").code == 0
    twin = fleet("create", "noord", "--name", " ZUID", "--sink", f"file:{tmp_path / 'two'}", "-y")
    assert twin.code == 4
    assert f"{children(emulator)[0]['id']}. If it belongs to noord, write {children(emulator)[0]['id']} at" in told(
        twin
    )
    again = fleet("create", "zuid", "--name", "Other", "--sink", f"file:{tmp_path / 'two'}", "-y")
    assert (again.code, "was created for zuid. Write" in told(again)) == (4, True)
    has_key = fleet("create", "noord", "--sink", f"file:{tmp_path / 'two'}", "-y", HMS_KEY_NOORD="fl_live_x")
    assert (has_key.code, "HMS_KEY_NOORD is set" in told(has_key)) == (4, True)
    assert "No such member" in told(fleet("create", "nord", "--sink", "exec:cat", "-y"))
    assert posts(emulator) == 1


def test_a_member_with_an_organization_in_the_file_gets_no_other(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    member = "{name: zuid, key: K, organization: 6f9d0000-0000-4000-8000-000000000000}"
    (root / "fleet.yaml").write_text(f"members: [{member}]\nstack: clinics\n", "utf-8")
    done = fleet("create", "zuid", "--sink", "exec:cat", "-y")
    assert (done.code, posts(emulator)) == (4, 0)


@pytest.mark.parametrize("fault", ["lost_after", "truncated_body", "garbage_body", "empty_body"])
def test_a_lost_answer_is_said_as_unrecoverable(
    fleet: Callable[..., Result], emulator: Emulator, tmp_path: Path, fault: str, root: Path
) -> None:
    emulator.inject(Fault(do=fault, method="POST", path="/organizations"))
    sink = tmp_path / "key"
    lost = fleet("create", "zuid", "--sink", f"file:{sink}", "-y")
    assert lost.code == 8, lost
    (child,) = children(emulator)
    assert f"organization {child['id']} was created for zuid, and the answer that showed its key was lost" in told(lost)
    assert f"write {child['id']} at clients.csv:2" in told(lost)
    assert not sink.exists()
    again = fleet("create", "zuid", "--sink", f"file:{sink}", "-y", "--name", "Another")
    assert (again.code, "Key is lost" in told(again), posts(emulator)) == (8, True, 1)
    assert not ISSUED.search(journal(root))


def test_one_that_was_proven_not_to_be_made_is_made_once(
    fleet: Callable[..., Result], emulator: Emulator, tmp_path: Path, root: Path
) -> None:
    emulator.inject(Fault(do="lost_before", method="POST", path="/organizations"))
    sink = f"file:{tmp_path / 'key'}"
    unknown = fleet("create", "zuid", "--sink", sink, "-y")
    assert (unknown.code, "Unknown outcome" in told(unknown)) == (8, True)
    emulator.inject()
    soon = fleet("create", "zuid", "--sink", sink, "-y")
    assert (soon.code, "nothing is sent until its outcome is known" in told(soon)) == (8, True)
    file = root / ".hmsplan/organizations/fleet/journal.jsonl"
    aged = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    file.write_text("".join(json.dumps({**e, "at": e["at"] - 60}) + "\n" for e in aged), "utf-8")
    assert fleet("create", "zuid", "--sink", sink, "-y").code == 0
    assert len(children(emulator)) == 1


def test_a_refusal_proves_that_nothing_was_made(
    fleet: Callable[..., Result], emulator: Emulator, tmp_path: Path
) -> None:
    emulator.inject(Fault(do="status", status=403, nth=1, method="POST", path="/organizations"))
    sink = tmp_path / "key"
    assert fleet("create", "zuid", "--sink", f"file:{sink}", "-y").code == 1
    assert not sink.exists()
    assert fleet("create", "zuid", "--sink", f"file:{sink}", "-y").code == 0


def test_the_key_outlives_a_sink_that_fails(fleet: Callable[..., Result], emulator: Emulator, root: Path) -> None:
    failed = fleet("create", "zuid", "--sink", "exec:cat >&2; exit 3", "-y")
    assert failed.code == 1
    rescued = root / ".hmsplan/organizations/fleet/zuid.key"
    assert str(rescued) in told(failed)
    assert "It said: | (sensitive value)" in told(failed)
    assert stat.S_IMODE(rescued.stat().st_mode) == 0o600
    assert ISSUED.fullmatch(rescued.read_text("utf-8").strip())
    assert (root / ".hmsplan/organizations/.gitignore").read_text("utf-8") == "*\n"
    assert len(children(emulator)) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_kill_between_answer_and_sink_makes_no_second_one(
    fleet: Callable[..., Result], emulator: Emulator, url: str, root: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """SIGTERM waits until the key is kept; after SIGKILL the next run says what was lost."""
    reached, go_on, kept = (tmp_path / name for name in ("reached", "go_on", "kept"))
    command = f"touch {reached}; while [ ! -e {go_on} ]; do sleep 0.05; done; cat > {kept}"
    words = [sys.executable, "-c", MAIN, "-C", str(root), "fleet", "create", "zuid", "--sink", f"exec:{command}", "-y"]
    environ = {**os.environ, "HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": AGENCY}
    run = subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not reached.exists():
        assert run.poll() is None
        time.sleep(0.02)
    run.send_signal(number)
    if number == signal.SIGKILL:
        run.wait()
    go_on.touch()
    said = b"".join(run.communicate())
    assert not ISSUED.search(said.decode())
    again = fleet("create", "zuid", "--sink", f"file:{tmp_path / 'key'}", "-y")
    if number == signal.SIGKILL:
        assert (again.code, "Key is lost" in told(again)) == (8, True)
    else:
        assert run.returncode == 0
        assert ISSUED.fullmatch(kept.read_text("utf-8"))
        assert (again.code, "Organization exists" in told(again)) == (4, True)
    assert len(children(emulator)) == 1
    assert not ISSUED.search(journal(root))
