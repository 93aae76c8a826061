from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from hmsplan.config.confined import Folder
from hmsplan.config.interpolation import FileProblem

if TYPE_CHECKING:
    from pathlib import Path


def refusal(folder: Folder, path: str) -> str:
    with pytest.raises(FileProblem) as caught:
        folder.read_text(path)
    return caught.value.summary


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.md").write_text("outside")
    (tmp_path / "root" / "prompts").mkdir(parents=True)
    (tmp_path / "root" / "prompts" / "a.md").write_bytes(b"\xef\xbb\xbfHallo\r\nZo\xc3\xab\r\n")
    return tmp_path / "root"


def test_text(root: Path) -> None:
    """A file reads the same on every system: no byte order mark, Unix line ends."""
    assert Folder(str(root)).read_text("prompts/a.md") == "Hallo\nZoë\n"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.md",
        "prompts/../../secret.md",
        "/etc/hostname",
        "~/secret.md",
        "C:/x",
        "\\\\server\\x",
        "..\\secret.md",
    ],
)
def test_outside(root: Path, path: str) -> None:
    """No path leads out of the root, whatever system it was meant for."""
    assert refusal(Folder(str(root)), path) == "Path outside the stack"


def test_links(root: Path) -> None:
    """A link may lead elsewhere inside; out of the root, or through a folder out of it, it is refused."""
    (root / "inside.md").symlink_to("prompts/a.md")
    (root / "out.md").symlink_to("../secret.md")
    (root / "up").symlink_to("..")
    (root / "loop").symlink_to("loop")
    folder = Folder(str(root))
    assert folder.read_text("inside.md").startswith("Hallo")
    assert refusal(folder, "out.md") == "Path outside the stack"
    assert refusal(folder, "up/secret.md") == "Path outside the stack"
    assert refusal(folder, "loop") in {"Unreadable file", "File not found"}


def test_a_neighbour_with_the_same_beginning(root: Path) -> None:
    """root-other is not inside root."""
    (root.parent / "root-other").mkdir()
    (root.parent / "root-other" / "a.md").write_text("x")
    (root / "a.md").symlink_to("../root-other/a.md")
    assert refusal(Folder(str(root)), "a.md") == "Path outside the stack"


def test_only_regular_files(root: Path) -> None:
    """A pipe does not make the command wait for ever, and a folder is no file."""
    os.mkfifo(root / "pipe.md")
    folder = Folder(str(root))
    assert refusal(folder, "pipe.md") == "Not a file"
    assert refusal(folder, "prompts") == "Not a file"
    assert refusal(folder, "prompts/a.md/b.md") == "File not found"
    assert refusal(folder, "none.md") == "File not found"
    assert refusal(folder, "a\x00b") == "Bad path"


def test_content(root: Path) -> None:
    """What is not UTF-8, or holds a control character, is no prompt."""
    (root / "latin.md").write_bytes(b"caf\xe9")
    (root / "escape.md").write_bytes(b"a\nb\x1b[2J")
    folder = Folder(str(root))
    assert refusal(folder, "latin.md") == "Not UTF-8"
    assert refusal(folder, "escape.md") == "Invisible character"


def test_sizes(root: Path) -> None:
    """One file has a limit, and so have all together."""
    (root / "big.md").write_bytes(b"x" * (8 * 2**20 + 1))
    (root / "half.md").write_bytes(b"x" * 60)
    assert refusal(Folder(str(root)), "big.md") == "File too large"
    folder = Folder(str(root), budget=100)
    assert folder.read_text("half.md")
    assert folder.read_text("half.md"), "a file that was read already costs nothing"
    (root / "other.md").write_bytes(b"x" * 60)
    assert refusal(folder, "other.md") == "Stack too large"


def test_an_environment_behind_a_linked_folder_is_outside(root: Path) -> None:
    """Only the walk knows that no folder on the way is a link; a path that somebody names may lead through one."""
    (root.parent / "elsewhere").mkdir()
    (root.parent / "elsewhere" / "prod.yaml").write_text("variables: {}")
    (root / "environments").symlink_to("../elsewhere")
    folder = Folder(str(root))
    assert not folder.real("environments/prod.yaml").startswith(folder.root)
