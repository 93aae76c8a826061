"""Killed around the moment when an apply is remembered: it is told once, and no kill looks like tampering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kills.workspace import APPLY, KILLED, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.model import Head


def heads(workspace: Workspace) -> list[Head]:
    """Return what the history lists, which nothing may be wrong with."""
    found = workspace.history()
    assert found.problems == ()
    return [line.head for line in found.lines]


def test_an_apply_that_is_killed_is_told_once(tmp_path: Path) -> None:
    """As one that ended, if its line is whole on the disk; else as one that did not, with what the journal knew."""
    with Workspace(tmp_path / "workspace") as workspace:
        for point, is_whole in (
            ("after-done:3", False),
            ("mid-history:1", False),
            ("after-history:1", True),
            ("mid-save:1", True),
            ("mid-compaction:1", True),
        ):
            before = heads(workspace)
            workspace.turn()
            assert workspace.run(*APPLY, crash=point).code == KILLED
            begun = workspace.history().begun
            assert (begun is None) == is_whole, point
            assert workspace.run(*APPLY).code == 0
            told = heads(workspace)[len(before) :]
            assert [head.ended for head in told if head.touched][:1] == [is_whole], point
            assert [head.number for head in told] == [before[-1].number + 1 + i for i in range(len(told))]
            if begun is not None:
                assert begun.touched
                assert (tuple(told[0].touched), told[0].author) == (begun.touched, begun.author)
            assert workspace.history().begun is None


def test_an_apply_that_is_killed_while_it_tells_of_another_loses_neither(tmp_path: Path) -> None:
    with Workspace(tmp_path / "workspace") as workspace:
        before = heads(workspace)
        workspace.turn()
        assert workspace.run(*APPLY, crash="after-done:3").code == KILLED
        assert workspace.run(*APPLY, crash="mid-history:1").code == KILLED
        assert workspace.run(*APPLY, crash="after-history:1").code == KILLED
        assert workspace.run(*APPLY).code == 0
        told = heads(workspace)[len(before) :]
        assert [head.ended for head in told] == [False, True]
