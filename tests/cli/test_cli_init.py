"""``hmsplan init``: a first stack that works, in a folder where nothing is ever overwritten."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from hmsplan import __version__
from hmsplan.export.scaffold import requirement, stack_name

if TYPE_CHECKING:
    from pathlib import Path

    from .helpers import Cli

FILES = {
    "hmsplan.yaml",
    "assistants/support.yaml",
    "prompts/support.md",
    "environments/production.yaml",
    ".gitignore",
    "AGENTS.md",
    *(f".hmsplan/schemas/{name}.schema.json" for name in ("hmsplan", "environment", "resources", "approvals")),
}


def files_in(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def root(cli: Cli, tmp_path: Path) -> Path:
    cli.ok("-C", tmp_path, "init", "new")
    return tmp_path / "new"


def test_it_writes_a_small_stack_and_lists_it(cli: Cli, tmp_path: Path) -> None:
    """Each file is named on stdout, and the next three steps on stderr."""
    result = cli("-C", tmp_path, "init")
    assert result.code == 0
    assert files_in(tmp_path) == FILES
    assert all(path in result.out for path in FILES)
    assert [line.split()[-1] for line in result.out.splitlines()] == [*dict.fromkeys(result.out.split()[1::2])]
    assert result.err.count("  hmsplan ") == 3


def test_the_stack_is_valid_and_in_canonical_form(cli: Cli, root: Path) -> None:
    """As it is, without a variable, a secret or a key."""
    assert cli.ok("-C", root, "validate") == "Valid: 1 resource.\n"
    assert cli("-C", root, "-e", "production", "validate").code == 0
    assert cli("-C", root, "fmt", "--check").code == 0


def test_the_stack_can_be_planned_and_applied_at_once(cli: Cli, root: Path) -> None:
    """The second plan is empty, with and without the environment."""
    assert cli("-C", root, "--emulator", "plan", "--detailed-exitcode").code == 2
    assert cli("-C", root, "--emulator", "apply", "-y").code == 0
    assert cli("-C", root, "--emulator", "plan", "--detailed-exitcode").code == 0
    assert cli("-C", root, "-e", "production", "--emulator", "plan").code == 0


def test_every_yaml_file_names_its_schema(root: Path) -> None:
    """By a path from where it lies, so that an editor helps while typing without a network."""
    for path in root.rglob("*.yaml"):
        first, _, _ = path.read_text("utf-8").partition("\n")
        named = path.parent / first.removeprefix("# yaml-language-server: $schema=")
        assert json.loads(named.read_bytes())["$schema"], path


def test_a_stack_without_schemas_gets_them(cli: Cli, root: Path) -> None:
    """They offer what it declares, and its files are not touched."""
    shutil.rmtree(root / ".hmsplan")
    before = (root / "assistants/support.yaml").read_bytes()
    cli.ok("-C", root, "init")
    assert files_in(root) == FILES
    assert "${assistants.support}" in (root / ".hmsplan/schemas/resources.schema.json").read_text("utf-8")
    assert (root / "assistants/support.yaml").read_bytes() == before


def test_what_is_there_is_left_as_it_is(cli: Cli, tmp_path: Path) -> None:
    """It is listed, the rest is written, and that is a success."""
    (tmp_path / ".gitignore").write_text("mine\n", "utf-8")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "support.md").write_text("mine", "utf-8")
    result = cli("-C", tmp_path, "init")
    assert result.code == 0
    assert ".gitignore" not in result.out
    assert "left as it is  .gitignore" in result.err
    assert "left as it is  prompts/support.md" in result.err
    assert (tmp_path / ".gitignore").read_text("utf-8") == "mine\n"
    assert (tmp_path / "prompts" / "support.md").read_text("utf-8") == "mine"


def test_a_second_init_changes_nothing_and_says_so(cli: Cli, root: Path) -> None:
    """A stack that exists gets no example objects."""
    (root / "assistants" / "support.yaml").unlink()
    before = {path: (root / path).read_bytes() for path in files_in(root)}
    result = cli("init", root)
    assert result.code == 1
    assert "Nothing written" in result.err
    assert {path: (root / path).read_bytes() for path in files_in(root)} == before


GITHUB = {f".github/workflows/hmsplan-{job}-production.yml" for job in ("plan", "apply", "drift")}


@pytest.mark.parametrize(("host", "files"), [("github", GITHUB), ("gitlab", {".gitlab-ci.yml"})])
def test_a_stack_gets_its_jobs_later(cli: Cli, root: Path, host: str, files: set[str]) -> None:
    """--ci beside a stack writes the jobs, touches nothing else, and says what is to be stored where."""
    before = files_in(root)
    result = cli("-C", root, "init", "--ci", host, "--install", "0.1.0")
    assert result.code == 0
    assert files_in(root) - before == files
    assert "production-plan" in result.err


def test_the_jobs_stand_at_the_top_of_the_repository(cli: Cli, tmp_path: Path) -> None:
    """CI looks nowhere else; the stack's folder and the environment are given to them, and name the files."""
    (tmp_path / ".git").mkdir()
    assert cli("-C", tmp_path, "-e", "try", "init", 'voice/a "b"', "--ci", "github", "--install", "0.1.0").code == 0
    for job in ("plan", "apply", "drift"):
        text = (tmp_path / f".github/workflows/hmsplan-{job}-voice-a-b-try.yml").read_text("utf-8")
        env = yaml.safe_load(text)["env"]
        assert (env["DIRECTORY"], env["ENVIRONMENT"]) == ('voice/a "b"', "try")
        assert "production" not in text


@pytest.mark.parametrize(
    ("where", "installed"),
    [
        ("0.1.0", "hmsplan[postgres,object-store]==0.1.0"),
        ("vendor/hmsplan-0.1.0-py3-none-any.whl", "vendor/hmsplan-0.1.0-py3-none-any.whl[postgres,object-store]"),
        ("git+https://git.example/hmsplan@abc", "hmsplan[postgres,object-store] @ git+https://git.example/hmsplan@abc"),
        ("hmsplan==0.1.0", "hmsplan==0.1.0"),
        ("hmsplan @ https://files.example/x.whl", "hmsplan @ https://files.example/x.whl"),
    ],
)
def test_ci_installs_from_where_it_is_told(where: str, installed: str) -> None:
    assert requirement(where) == installed


def test_where_ci_installs_from_is_asked_for_unless_it_is_known(cli: Cli, tmp_path: Path) -> None:
    """This hmsplan is a checkout, which CI cannot reach; its version on an index could be of somebody else."""
    result = cli("-C", tmp_path, "init", "new", "--ci", "gitlab")
    assert result.code == 1
    assert f"init new --ci gitlab --install {__version__}" in result.err
    assert not (tmp_path / "new").exists()
    assert cli("-C", tmp_path, "init", "--install", "0.1.0").code == 1


def test_foreign_yaml_in_the_folder_is_not_taken_for_resources(cli: Cli, tmp_path: Path) -> None:
    """In a crowded folder the stack names its own."""
    (tmp_path / "compose.yaml").write_text("services: {web: {image: x}}\n", "utf-8")
    cli.ok("-C", tmp_path, "init")
    assert cli("-C", tmp_path, "validate").code == 0


def test_no_symbolic_link_is_written_through(cli: Cli, tmp_path: Path) -> None:
    """A link that leads nowhere counts as a file that exists."""
    outside = tmp_path / "outside.yaml"
    root = tmp_path / "root"
    root.mkdir()
    (root / "hmsplan.yaml").symlink_to(outside)
    cli("init", root)
    assert not outside.exists()


def test_machines_read_what_was_written(cli: Cli, tmp_path: Path) -> None:
    """--json lists both."""
    (tmp_path / ".gitignore").write_text("", "utf-8")
    found = cli("-C", tmp_path, "init", "--json").json
    assert set(found["written"]) == FILES - {".gitignore"}
    assert found["kept"] == [".gitignore"]


def test_a_folder_that_cannot_be_written_is_told(cli: Cli, tmp_path: Path) -> None:
    """Without a traceback."""
    (tmp_path / "assistants").write_text("a file where a folder is needed", "utf-8")
    result = cli("-C", tmp_path, "init")
    assert result.code == 1
    assert "Cannot write" in result.err


@pytest.mark.parametrize(
    ("folder", "name"),
    [("acme voice", "acme-voice"), ("", "my-stack"), ("電話", "my-stack"), ("x" * 99, "x" * 63), ("_a_", "a")],
)
def test_the_stack_is_named_after_its_folder(folder: str, name: str) -> None:
    """As far as the folder's name can be one."""
    assert stack_name(folder) == name
