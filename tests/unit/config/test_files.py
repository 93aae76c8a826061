"""Resource files are found, and what looks like one and is not read is told: absence means deletion."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmsplan.config.confined import Folder
from hmsplan.config.files import glob, list_files, may_hold
from hmsplan.config.load import load_stack
from hmsplan.config.settings import DEFAULT_INCLUDE
from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic, Severity


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.yaml").write_text("assistants: {x: {name: X}}\n")
    return write(
        tmp_path / "root", {"hmsplan.yaml": "version: 1\nstack: walk\n", "a.yaml": "assistants: {a: {name: A}}\n"}
    )


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def told(root: Path) -> list[Diagnostic]:
    """Every problem of the stack, errors or not."""
    try:
        return list(load_stack(root).warnings)
    except ConfigError as error:
        return list(error.diagnostics)


def only(root: Path, severity: Severity) -> Diagnostic:
    (problem,) = told(root)
    assert problem.severity is severity
    return problem


def test_resource_files(root: Path) -> None:
    """Resource files are found sorted, both endings; the stack file, environments and hidden ones are none."""
    visible = "hmsplan.yaml z.yml b/a.yaml a.yaml notes.md environments/production.yaml b/environments/c.yaml"
    hidden = ".hidden.yaml .hmsplan/x.yaml .git/x.yaml"
    write(root, dict.fromkeys(f"{visible} {hidden}".split(), ""))
    (root / "linked").symlink_to("b")

    def found(*include: str) -> list[str]:
        return [path for path, _ in list_files(Folder(str(root)), include).files]

    every = ["a.yaml", "b/a.yaml", "b/environments/c.yaml", "z.yml"]
    assert found(*DEFAULT_INCLUDE) == every
    assert found("b/*.yaml") == ["b/a.yaml"]
    assert found("./?.y*ml", "b/**") == every
    assert found("**/a.yaml") == ["a.yaml", "b/a.yaml"]


@pytest.mark.parametrize("name", ["B.YAML", "b.Yml", "folder/b.yAML"])
def test_the_case_of_an_ending_does_not_matter(root: Path, name: str) -> None:
    """Editors on Windows write .YAML; to leave it out would be to delete what it declares."""
    stack = load_stack(write(root, {name: "assistants: {b: {name: B}}\n"}))
    assert {str(address) for address in stack.resources} == {"assistants.a", "assistants.b"}
    assert stack.warnings == ()


def test_an_environment_may_end_in_capitals(root: Path) -> None:
    write(root, {"environments/production.YML": "organization: 00000000-0000-4000-8000-000000000000\n"})
    assert load_stack(root, environment="production").organization == "00000000-0000-4000-8000-000000000000"


def test_a_linked_folder_that_leads_out_is_an_error(root: Path) -> None:
    """As a linked file is: what it declares would be planned for deletion."""
    (root / "shop").symlink_to("../outside")
    problem = only(root, Severity.ERROR)
    assert problem.summary == "Path outside the stack"
    assert "shop is a symbolic link to a folder outside the stack" in problem.detail


def test_a_linked_folder_that_leads_nowhere_is_an_error(root: Path) -> None:
    """Somebody's computer has what it leads to, and the CI has not."""
    (root / "teams").mkdir()
    (root / "teams" / "shop").symlink_to("../../shared/shop")
    problem = only(root, Severity.ERROR)
    assert problem.summary == "Link to nothing"
    assert "teams/shop" in problem.detail


def test_a_linked_folder_whose_files_are_read_elsewhere_is_a_warning(root: Path) -> None:
    write(root, {"shared/shop/b.yaml": "assistants: {b: {name: B}}\n"})
    (root / "shop").symlink_to("shared/shop")
    problem = only(root, Severity.WARNING)
    assert problem.detail == "shop is a symbolic link and is not entered; its files are read in shared/shop."
    (root / "loop").symlink_to(".")
    assert {each.severity for each in told(root)} == {Severity.WARNING}


@pytest.mark.parametrize(
    ("files", "include"),
    [
        ({".shared/b.yaml": ""}, ""),
        ({"environments/shared/b.yaml": "", "environments/other.yaml": ""}, "default_environment: other\n"),
        ({"other/hmsplan.yaml": "", "other/b.yaml": ""}, 'include: ["*.yaml", "shop/*.yaml"]\n'),
        ({"shared/b.yaml": ""}, 'include: ["*.yaml", "shop/*.yaml"]\n'),
    ],
)
def test_a_linked_folder_whose_files_are_read_nowhere_is_an_error(
    root: Path, files: dict[str, str], include: str
) -> None:
    """Hidden, of an environment, of another stack, or left out by include."""
    write(root, {**files, "hmsplan.yaml": f"version: 1\nstack: walk\n{include}"})
    (root / "shop").symlink_to(Path(next(iter(files))).parent)
    errors = [each for each in told(root) if each.severity is Severity.ERROR]
    assert [each.summary for each in errors] == ["Linked folder"]
    assert "would be deleted" in errors[0].detail


@pytest.mark.parametrize("name", ["docs", ".cache", "assistants/.git", "node_modules/x"])
def test_a_link_where_nothing_of_the_stack_can_be_is_left_alone(root: Path, name: str) -> None:
    write(root, {"hmsplan.yaml": 'version: 1\nstack: walk\ninclude: ["*.yaml", "assistants/**"]\n'})
    write(root, {"assistants/b.yaml": ""})
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).symlink_to(root.parent / "outside")
    assert told(root) == []


def test_a_stack_inside_the_stack_is_not_entered(root: Path) -> None:
    """However many there are: one warning, and no word about the keys of their stack files."""
    for name in ("north", "south", "east", "west"):
        write(root, {f"customers/{name}/hmsplan.yaml": "version: 1\nstack: x\n", f"customers/{name}/r.yaml": "x: y\n"})
        problem = only(root, Severity.WARNING)
        assert problem.summary == "Stack inside the stack"
    assert "customers/east, customers/north, customers/south and 1 more have an hmsplan.yaml" in problem.detail
    assert "-C customers/east" in problem.detail
    assert [str(address) for address in load_stack(root).resources] == ["assistants.a"]
    write(root, {"hmsplan.yaml": 'version: 1\nstack: walk\ninclude: ["*.yaml"]\n'})
    assert told(root) == []


def test_a_pattern_that_finds_nothing_is_a_warning_on_its_line(root: Path) -> None:
    write(root, {"hmsplan.yaml": 'version: 1\nstack: walk\ninclude:\n  - "*.yaml"\n  - asistants/**\n'})
    problem = only(root, Severity.WARNING)
    assert problem.summary == "Include finds nothing"
    assert str(problem.source) == "hmsplan.yaml:5:5"


def test_a_file_that_cannot_be_read_is_an_error(root: Path) -> None:
    """And one mistake: nothing else is said about what it may declare."""
    write(root, {"b.yaml": 'numbers: {n: {phone_number: "+31850835037", agent_id: "${assistants.b}"}}\n'})
    (root / "c.yaml").symlink_to("gone.yaml")
    assert [each.summary for each in told(root)] == ["File not found"]


def test_a_name_that_is_not_utf_8_is_an_error(root: Path) -> None:
    """No message can hold it, and none of its resources may be deleted for that."""
    with (root / os.fsdecode(b"caf\xe9.yaml")).open("w") as file:
        file.write("assistants: {b: {name: B}}\n")
    (root / os.fsdecode(b"caf\xe9.png")).touch()
    problem = only(root, Severity.ERROR)
    assert (problem.summary, problem.detail[:41]) == ("Bad file name", "The name of caf\\udce9.yaml is not UTF-8, ")


@pytest.mark.parametrize("keys", ["hmsplan: {}", "objects: {}, leads: {}", "resource_changes: []"])
def test_a_saved_plan_or_snapshot_is_told_in_one_message(root: Path, keys: str) -> None:
    write(root, {"p.yaml": f"{{format_version: '1.2', terraform_version: x, variables: {{}}, {keys}}}"})
    problem = only(root, Severity.ERROR)
    assert "It is a plan or a snapshot that hmsplan saved" in problem.detail


@pytest.mark.parametrize(
    ("start", "hint"),
    [
        ("root/assistants/deep", "There is one in ../... Add -C ../.., or type: cd ../.."),
        ("root/assistants", "There is one in ... Add -C .., or type: cd .."),
        (".", "There is one in root. Add -C root, or type: cd root"),
    ],
)
def test_where_no_stack_is_the_nearest_one_is_named(
    root: Path, monkeypatch: pytest.MonkeyPatch, start: str, hint: str
) -> None:
    (root / "assistants" / "deep").mkdir(parents=True)
    monkeypatch.chdir(root.parent / start)
    (problem,) = told(Path())
    assert problem.summary == "No stack here"
    assert problem.detail.endswith(hint)
    monkeypatch.chdir(root)
    (problem,) = told(Path("assistants"))
    assert problem.detail.endswith("There is one in the current folder; leave out -C.")


@pytest.mark.parametrize(
    ("pattern", "folder", "may"),
    [
        ("**/*.yaml", "a/b", True),
        ("*.yaml", "a", False),
        ("a/*.yaml", "a", True),
        ("a/*.yaml", "a/b", False),
        ("a/**", "a/b/c", True),
        ("a*/b/**/x.yaml", "ab/b/c", True),
        ("a*/b/**/x.yaml", "b/b", False),
        ("./a/*.yaml", "a", True),
        ("**.yaml", "a", True),
    ],
)
def test_may_hold(pattern: str, folder: str, *, may: bool) -> None:
    assert may_hold(pattern, folder) is may


PIECES = st.sampled_from(["**", "a", "b", "*", "a*", "*b", "a*b*", "?", "*a*", "**b"])
NAMES = st.text("ab", min_size=1, max_size=3)


@given(st.lists(PIECES, min_size=1, max_size=5), st.lists(NAMES, min_size=1, max_size=5))
def test_a_glob_that_never_looks_back_finds_the_same(pieces: list[str], names: list[str]) -> None:
    """As one that tries every place for every star, which for many stars takes for ever."""
    tried = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pattern, path = "/".join(pieces), "/".join(names)
    slow = "".join(tried.get(part) or re.escape(part) for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern))
    assert bool(re.fullmatch(glob(pattern), path)) == bool(re.fullmatch(slow, path))
