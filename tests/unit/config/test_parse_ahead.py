from __future__ import annotations

import multiprocessing
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.writing import STACK, load, problems, write

from hmsplan.config.confined import Folder
from hmsplan.config.files import list_files
from hmsplan.config.load import load_stack
from hmsplan.config.parse_ahead import cores_for, parse_ahead

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),  # the threads are those of pytest
]
KEYS = "abcdefg"
FILES: dict[str, str | bytes] = {
    "hmsplan.yaml": STACK + "variables: {greeting: {default: Hello}}\n",
    **{f"{key}.yaml": f"assistants:\n  {key}: {{name: {key}, first_message: '${{var:greeting}}'}}\n" for key in KEYS},
}


@pytest.fixture(autouse=True)
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each process take one file at a time."""
    monkeypatch.setattr("hmsplan.config.parse_ahead._CHUNK", 1)


def until_the_others_are_done() -> None:
    """Leave all files to the other processes."""
    for worker in multiprocessing.active_children():
        worker.join()


def on_cores(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr("hmsplan.config.load.cores_for", lambda _: number)


def parsed(root: Path) -> list[Any]:
    folder = Folder(str(root))
    return list(parse_ahead(folder, list_files(folder, ["**/*.yaml"]).files, 3, until_the_others_are_done))


def test_a_stack_is_the_same_on_any_number_of_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = []
    for cores in (1, 2, 3, 50):
        on_cores(monkeypatch, cores)
        stacks += [load(tmp_path, FILES), load(tmp_path, FILES, meanwhile=until_the_others_are_done)]
    assert len(stacks[0].resources) == len(KEYS)
    for stack in stacks[1:]:
        assert [(a, r.spec, r.source) for a, r in stack.resources.items()] == [
            (a, r.spec, r.source) for a, r in stacks[0].resources.items()
        ]


def test_so_are_its_problems_with_their_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken: dict[str, str | bytes] = {
        "b.yaml": "assistants:\n  b: {name: b\n",
        "d.yaml": "assistants:\n  d:\n    name: d\n    nmae: x\n",
        "f.yaml": b"\xff",
        "g.yaml": "assistants:\n  a: {name: twice}\n",
    }
    found = []
    for cores in (1, 3):
        on_cores(monkeypatch, cores)
        found.append(problems(tmp_path, {**FILES, **broken}, meanwhile=until_the_others_are_done))
    assert found[0] == found[1]
    assert len({problem.source.file for problem in found[0] if problem.source}) == len(broken)


def test_the_limit_on_all_files_together_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(len(text) for text in FILES.values())
    monkeypatch.setattr("hmsplan.config.load.Folder", lambda root, **more: Folder(root, budget=size - 1, **more))
    found = []
    for cores in (1, 3):
        on_cores(monkeypatch, cores)
        found.append(problems(tmp_path, FILES, meanwhile=until_the_others_are_done))
    assert found[0] == found[1]
    assert found[0][-1].summary == "Stack too large"


def test_what_a_worker_that_died_did_not_send_is_read_by_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = os.getpid()

    def parse_or_die(*args: Any) -> Any:
        return real(*args) if os.getpid() == parent else os._exit(1)

    real = parse_ahead.__globals__["parse"]
    monkeypatch.setattr("hmsplan.config.parse_ahead.parse", parse_or_die)
    write(tmp_path, FILES)
    assert [each is None for each in parsed(tmp_path)] == [True, True, *[False] * 5]
    on_cores(monkeypatch, 3)
    assert len(load_stack(tmp_path).resources) == len(KEYS)


def test_all_files_are_parsed_though_the_caller_comes_last(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    assert [each.document.file for each in parsed(tmp_path)] == sorted(f"{key}.yaml" for key in KEYS)


def test_a_stack_of_more_files_than_chunks_is_divided_into_larger_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hmsplan.config.parse_ahead._MOST_CHUNKS", 3)
    write(tmp_path, FILES)
    assert [each.document.file for each in parsed(tmp_path)] == sorted(f"{key}.yaml" for key in KEYS)


def test_other_work_is_done_only_while_others_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    for cores in (1, 2):
        on_cores(monkeypatch, cores)
        load(tmp_path, FILES, meanwhile=lambda: done.append(len(multiprocessing.active_children())))
    assert done == [1]


def test_a_small_stack_and_a_process_with_threads_stay_on_one_core() -> None:
    assert cores_for(10) == 1
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        assert cores_for(100_000) == 1
    finally:
        done.set()
        other.join()
