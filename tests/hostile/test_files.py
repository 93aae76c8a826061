"""Which files a pull request can make hmsplan read or write: those below the root, and what they are when opened."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from hmsplan.config.confined import Folder
from hmsplan.config.interpolation import FileProblem

from .server import hmsplan, serving, write

if TYPE_CHECKING:
    from pathlib import Path

OUTSIDE = "c4nary of another folder"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "p.md").write_text(OUTSIDE)
    (tmp_path / "outside" / "leads.csv").write_text(f"phone_number,x\n+31612345678,{OUTSIDE}\n")
    (tmp_path / "outside" / "a.yaml").write_text(f"assistants: {{a: {{name: {OUTSIDE}}}}}\n")
    return write(tmp_path / "root", {"prompts/p.md": "inside", "b.yaml": "assistants: {b: {name: B}}\n"})


@pytest.mark.parametrize(
    "path",
    [
        "../outside/p.md",
        "prompts/../../outside/p.md",
        "prompts/..",
        "/etc/passwd",
        "/proc/self/environ",
        "//proc/self/environ",
        "~/.ssh/id_rsa",
        "~root/.profile",
        "file:///etc/passwd",
        "linked.md",
        "linked/p.md",
        "prompts/linked/p.md",
        "twice",
        "prompts/deep/../../../outside/p.md",
        "p\u0000.md",
        "https://evil.example/p.md",
    ],
)
@pytest.mark.parametrize("form", ["file", "csv"])
def test_no_path_leads_out(root: Path, path: str, form: str) -> None:
    """Not absolutely, not by dots, not by a link to a file, to a folder, or to another link."""
    (root / "linked.md").symlink_to("../outside/p.md")
    (root / "linked").symlink_to("../outside")
    (root / "prompts" / "linked").symlink_to(root.parent / "outside")
    (root / "twice").symlink_to("linked.md")
    text = f'campaigns: {{c: {{leads: "${{csv:{path}}}"}}}}' if form == "csv" else f'"${{file:{path}}}"'
    wrapped = text if form == "csv" else f"assistants: {{a: {{name: a, first_message: {text}}}}}"
    said = hmsplan(write(root, {"a.yaml": wrapped + "\n"}), "validate")
    assert said.code == 3
    assert OUTSIDE not in said.all
    assert "root:" not in said.all


@pytest.mark.parametrize("name", ["a.yaml", "environments/e.yaml", "hmsplan.yaml", "folder"])
def test_no_linked_file_of_the_stack_leads_out(root: Path, name: str) -> None:
    """A resource file, an environment, the stack file itself, a folder."""
    path = root / name
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    path.symlink_to("../outside" if name == "folder" else os.path.relpath(root.parent / "outside/a.yaml", path.parent))
    said = hmsplan(root, "validate", "-e", "e") if "env" in name else hmsplan(root, "graph")
    assert OUTSIDE not in said.all
    assert said.code == 3


class Swapper:
    """Swaps a path for a link to the outside and back, as fast as it can."""

    def __init__(self, path: Path, target: Path) -> None:
        self.path, self.link, self.own = path, path.with_name("link"), path.with_name("own")
        self.link.symlink_to(target)
        self.over = threading.Event()
        self.swaps = 0

    def run(self) -> None:
        while not self.over.is_set():
            self.path.rename(self.own)
            self.link.rename(self.path)
            self.path.rename(self.link)
            self.own.rename(self.path)
            self.swaps += 1


@pytest.mark.parametrize("name", ["prompts/p.md", "prompts"])
def test_a_race_never_reads_outside(root: Path, name: str) -> None:
    """Somebody puts a link in the place of the file, or of its folder, between looking and opening."""
    swapper = Swapper(root / name, root.parent / "outside" / ("p.md" if name.endswith(".md") else ""))
    thread = threading.Thread(target=swapper.run)
    thread.start()
    read = refused = 0
    try:
        while (read < 100 or refused < 100 or swapper.swaps < 300) and read + refused < 30_000:
            try:
                assert Folder(str(root)).read_text("prompts/p.md") == "inside"
                read += 1
            except FileProblem:
                refused += 1
    finally:
        swapper.over.set()
        thread.join()
    assert read
    assert refused


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch, root: Path) -> Path:
    """Make ``realpath`` believe that there was no link yet: the moment after looking, held for as long as one likes."""
    monkeypatch.setattr("os.path.realpath", os.path.abspath)
    return root


@pytest.mark.parametrize("name", ["prompts/p.md", "prompts"])
def test_a_link_that_appears_after_the_look_is_not_followed(links: Path, name: str) -> None:
    """The same race, won by its attacker every time."""
    folder = Folder(str(links))
    (links / "prompts" / "p.md").unlink()
    if name == "prompts":
        (links / "prompts").rmdir()
    (links / name).symlink_to(links.parent / "outside" / ("p.md" if name.endswith(".md") else ""))
    with pytest.raises(FileProblem) as caught:
        folder.read_text("prompts/p.md")
    assert caught.value.summary == "Unreadable file" or name == "prompts"


def test_a_linked_state_folder_is_not_written_through(root: Path) -> None:
    """A pull request that makes ``.hmsplan/default/state.json`` a link does not get another file overwritten."""
    victim = root.parent / "victim"
    victim.write_text("precious")
    (root / ".hmsplan" / "default").mkdir(parents=True)
    for name in ("state.json", "journal.jsonl"):
        (root / ".hmsplan" / "default" / name).symlink_to(victim)
    with serving() as server:
        said = hmsplan(root, "apply", "-y", url=server.url)
        assert (said.code, server.writes) == (1, []), said
    assert victim.read_text() == "precious"


@pytest.mark.parametrize(
    "state",
    ["http://evil.example/s", "//evil.example/s", "git+ssh://evil.example/s", "${var:x}", "${file:p}", "exec:id"],
)
def test_the_state_of_a_stack_is_no_command_and_no_other_protocol(root: Path, state: str) -> None:
    """``state:`` is the one address in a stack; it names a storage there is, or the command ends."""
    head = f'version: 1\nstack: x\nstate: "{state}"\n'
    with serving() as server:
        said = hmsplan(write(root, {"hmsplan.yaml": head}), "apply", "-y", url=server.url)
        assert said.code in {1, 3}, said
        assert server.writes == []


def test_a_text_file_that_reads_otherwise_than_it_is_is_refused(root: Path) -> None:
    """A prompt that reorders itself in review ("Trojan Source"), or moves the cursor of a terminal."""
    for character in ("\u202e", "\u2066", "\x9b", "\x1b", "\x7f"):
        write(
            root,
            {"prompts/p.md": f"Be kind.{character}", "a.yaml": 'assistants: {a: {name: "${file:prompts/p.md}"}}\n'},
        )
        said = hmsplan(root, "validate")
        assert said.code == 3
        assert f"U+{ord(character):04X}" in said.err
        assert character not in said.err


def test_no_plugin_and_no_code_of_a_stack_is_loaded(root: Path) -> None:
    """Python beside the stack is not imported, whatever it is called and wherever the command is run."""
    trap = "import pathlib\npathlib.Path(__file__).with_name('pwned').touch()\n"
    names = ("hmsplan.py", "sitecustomize.py", "yaml.py", "plugins/__init__.py", "conftest.py", ".hmsplan/x.py")
    write(root, dict.fromkeys(names, trap))
    assert hmsplan(root, "validate").code == 0
    said = hmsplan(write(root, {"hmsplan.yaml": "version: 1\nstack: x\nplugins: [os.system]\n"}), "validate")
    assert said.code == 3
    assert not list(root.rglob("pwned"))
