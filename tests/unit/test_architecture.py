"""How the folders stand to each other: imports run one way, pure folders stay pure, one module prints.

Read from the import statements themselves, those for types included. A new folder belongs into ``FOLDERS``.
"""

from __future__ import annotations

import ast
import functools
import graphlib
import re
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import hmsplan
from hmsplan.config.load import load_stack
from hmsplan.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDERS: Final[tuple[frozenset[str], ...]] = tuple(
    frozenset(floor.split())
    for floor in (
        "model",
        "errors",
        "secrets",
        "text",
        "catalog",
        "kinds",
        "planner config",
        "formats lint",
        "webhooks",
        "output",
        "api state",
        "export",
        "apply",
        "operations",
        "fleet",
        "cli",
    )
)
"""Every folder may import itself and those of the lines above its own; two folders of one line stay apart."""

PURE: Final = frozenset(["model", "errors", "text", "kinds", "planner", "formats", "lint", "output"])
PURE_BESIDES: Final = (
    *(
        "fleet.values",
        "fleet.task",
        "fleet.groups",
        "fleet.report",
        "fleet.text",
        "fleet.markdown",
        "fleet.html",
        "fleet.ending",
    ),
    *("secrets.fingerprints", "secrets.detect", "secrets.urls", "secrets.encodings", "secrets.hosts", "secrets.source"),
    *("config.yaml_parser", "config.document", "config.interpolation", "config.layers", "config.resolve"),
    *("config.build", "config.leads", "config.schema_violation", "config.resource_builder"),
    *("webhooks.description", "webhooks.arguments", "webhooks.patterns", "webhooks.case"),
    *("webhooks.cases", "webhooks.judge", "webhooks.messages"),
    *("export.edit.splices", "export.edit.outline", "export.edit.scalars", "export.edit.yaml_edit"),
    *("export.edit.inverse", "export.edit.rewrite", "export.edit.csv_rows", "export.edit.places"),
    *("apply.verify", "api.lenient_json", "api.responses"),
    *("state.journal", "state.edit", "state.succession", "state.storage"),
)
"""Modules that are pure in a folder that is not."""
IMPURE: Final = frozenset(
    {
        "httpx",
        "asyncio",
        "os",
        "time",
        "random",
        "subprocess",
        "socket",
        "shutil",
        "tempfile",
        "signal",
        "click",
        "logging",
    }
)
PRINTING: Final = frozenset({"print", "click.echo", "click.secho", "click.prompt", "click.confirm"})
ROOT: Final = Path(hmsplan.__file__).parent
REPOSITORY: Final = ROOT.parent


def modules(*, emulator: bool = False) -> dict[str, Path]:
    """Return every module below hmsplan by its name there; the emulator's are a house of their own."""
    found = {path.relative_to(ROOT).with_suffix(""): path for path in sorted(ROOT.rglob("*.py"))}
    named = {".".join(name.parts).removesuffix(".__init__"): path for name, path in found.items()}
    return {n: p for n, p in named.items() if n != "__init__" and (n.partition(".")[0] == "emulator") is emulator}


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Return everything that one file imports, by full name: when it is loaded, in a function, or for types."""
    return frozenset(_imports(ast.parse(path.read_text("utf-8"))))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                # what is imported from a package may be one of its modules
                inside = [f"{module}.{alias.name}" for alias in names]
                yield from (name if _is_module(name) else module for name in inside)
            case ast.ImportFrom():
                pytest.fail("a relative import hides which module it means")


def _is_module(name: str) -> bool:
    path = REPOSITORY.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def ours(path: Path) -> set[str]:
    """Return the modules of hmsplan that one file imports, without the package's own name."""
    return {name.removeprefix("hmsplan.") for name in imports(path) if name.startswith("hmsplan.")}


def folder(module: str) -> str:
    """Return the folder of a module, or its own name when it lies in none."""
    return module.partition(".")[0]


def floor(module: str) -> int:
    """Return how many floors its folder stands above the ground."""
    for number, folders in enumerate(FOLDERS):
        if folder(module) in folders:
            return number
    pytest.fail(f"{folder(module)} is no folder of hmsplan; say in {Path(__file__).name} where it belongs")


MODULES: Final = modules()
EMULATOR: Final = modules(emulator=True)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module: str) -> None:
    """model, errors <- secrets <- text <- kinds <- planner, config <- ... <- operations <- cli."""
    others = {n for n in ours(MODULES[module]) if folder(n) not in {folder(module), "emulator"}}
    up = {name for name in others if floor(name) >= floor(module)}
    assert up == set()


@pytest.mark.parametrize("module", [name for name in MODULES if folder(name) in PURE or name in PURE_BESIDES])
def test_a_pure_module_knows_no_clock_no_chance_no_file_no_network_and_no_log(module: str) -> None:
    top = {name.partition(".")[0] for name in imports(MODULES[module])}
    assert top & IMPURE == set()


def test_the_house_can_be_seen_at_a_glance() -> None:
    """Few files beside the folders, few arrows between them."""
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "errors.py"}
    arrows = {(folder(name), folder(other)) for name, path in MODULES.items() for other in ours(path)}
    assert len({(one, other) for one, other in arrows if one != other}) <= 119


def test_no_two_modules_need_each_other() -> None:
    """Neither to be loaded nor later on."""
    graph = {name: ours(path) & MODULES.keys() for name, path in MODULES.items()}
    assert len(tuple(graphlib.TopologicalSorter(graph).static_order())) == len(MODULES)


@pytest.mark.parametrize("module", [name for name in MODULES if name.partition(".")[0] != "model"])
def test_the_values_are_imported_from_one_place(module: str) -> None:
    """Which file of the model a value lies in is nobody's business."""
    assert [name for name in ours(MODULES[module]) if name.startswith("model.")] == []


@pytest.mark.parametrize("module", EMULATOR)
def test_the_emulator_is_an_independent_reading_of_the_documentation(module: str) -> None:
    assert {name for name in ours(EMULATOR[module]) if name.partition(".")[0] != "emulator"} == set()


def test_only_the_command_line_starts_the_emulator() -> None:
    users = {name for name, path in MODULES.items() if any(x.partition(".")[0] == "emulator" for x in ours(path))}
    assert {name for name in users if not name.startswith("cli.")} == set()


def test_only_an_apply_has_a_client_that_can_write() -> None:
    """Plan, drift, show and all others are made of a client without the verbs."""
    users = {name for name, path in MODULES.items() if "WriteClient" in path.read_text("utf-8")}
    assert {name for name in users if name.partition(".")[0] != "apply"} == {
        "api.client",
        "api.objects",
        "operations.apply",
        "fleet.organizations",
    }


@pytest.mark.parametrize("module", [*MODULES, *EMULATOR])
def test_one_module_writes_all_that_is_printed(module: str) -> None:
    """What happens when nobody reads it is decided there, once."""
    path = {**MODULES, **EMULATOR}[module]
    calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    printing = [ast.unparse(func) for func in calls if ast.unparse(func) in PRINTING]
    streams = [
        ast.unparse(func) for func in calls if re.match(r"sys\.(stdout|stderr)\.(write|flush)", ast.unparse(func))
    ]
    assert module == "cli.terminal" or printing + streams == []


def test_every_folder_that_is_named_exists() -> None:
    assert {name for floor in FOLDERS for name in floor} == {folder(name) for name in MODULES}
    assert set(PURE_BESIDES) <= MODULES.keys()


@pytest.mark.parametrize("module", [*MODULES, *EMULATOR])
def test_a_module_says_in_one_line_what_it_is_for(module: str) -> None:
    docstring = ast.get_docstring(ast.parse({**MODULES, **EMULATOR}[module].read_text("utf-8")))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", ":", "?"))


def test_the_architecture_document_names_only_rooms_that_exist() -> None:
    named = re.findall(r"``([a-z_]+(?:\.[a-z_]+)?)``", hmsplan.__doc__ or "")
    assert len(named) > 15
    rooms = {*MODULES, "emulator"}
    assert [name for name in named if name not in rooms and name.partition(".")[0] not in rooms] == []


# A kind is complete


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_schema(kind: str) -> None:
    assert (REPOSITORY / "schemas" / "kinds" / f"{kind}.schema.json").is_file()


def test_every_kind_stands_in_the_example() -> None:
    stack = load_stack(REPOSITORY / "examples" / "stack", environment="production")
    assert {address.kind for address in stack.resources} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_golden_case(kind: str) -> None:
    stacks = (REPOSITORY / "tests" / "golden").glob("*/stack/**/*.yaml")
    assert any(f"{kind}:" in path.read_text("utf-8").splitlines() for path in stacks)


def test_the_published_schemas_know_no_kind_that_the_table_does_not() -> None:
    published = {path.name.partition(".")[0] for path in (REPOSITORY / "schemas" / "kinds").glob("*.schema.json")}
    assert published - {"common"} == set(KINDS)


# The tests


def test_the_unit_tests_lie_in_the_folders_of_what_they_test() -> None:
    unit = REPOSITORY / "tests" / "unit"
    folders = {path.parent.relative_to(unit) for path in unit.rglob("test_*.py")}
    assert [str(path) for path in sorted(folders) if not (ROOT / path).is_dir()] == []


NAMES_KINDS: Final = frozenset({"kinds", "emulator", "cli", "lint"})
"""What lint knows is about one kind each: how a campaign calls, what an assistant says."""
FOLDERS_OF_A_STACK: Final = "export.scaffold"
"""It names folders of a new stack, some of which are called as the kind that is kept there."""


@pytest.mark.parametrize("module", [n for n in MODULES if folder(n) not in NAMES_KINDS and n != FOLDERS_OF_A_STACK])
def test_a_kind_is_named_in_its_own_file_only(module: str) -> None:
    """What other code has to know of a kind is a field of ``Kind``; a docstring or a longer text may name it."""
    with MODULES[module].open("rb") as file:
        texts = [token for token in tokenize.tokenize(file.readline) if token.type == tokenize.STRING]
    names = KINDS.keys() - {"organization", "domain"}  # whose the key is, and what a command is called, too
    named = [f"line {text.start[0]}: {text.string}" for text in texts if text.string.strip("rbf\"'") in names]
    assert named == []
