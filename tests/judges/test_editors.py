"""Editors: yaml-language-server over LSP and check-jsonschema, of every stack that we write, without a network."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

import pytest
from support.language_server import LanguageServer

from hmsplan.config.confined import Folder
from hmsplan.config.files import is_yaml
from hmsplan.emulator import Emulator, Settings, running
from hmsplan.export.editor import yaml_files

from .conftest import EXAMPLE, Organization
from .outside import JUDGES, ask, needs, once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER: Final = JUDGES / "editor" / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
NO_NETWORK: Final = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
MODELINE: Final = "# yaml-language-server: $schema="
STACKS: Final = ("init", "export", "demo", "example")

pytestmark = pytest.mark.system


def fill(folder: Path) -> None:
    """Write a stack in each way there is: by ``init``, by ``export``, and a copy of the example with its schemas."""
    secrets = ("-e", "staging", "--secrets-file", str(EXAMPLE / "secrets.example.env"))
    emulator = Emulator(settings=Settings(rate_limit=None))
    with running(emulator) as url:
        shutil.copytree(EXAMPLE, folder / "demo", ignore=shutil.ignore_patterns(".hmsplan"))
        organization = Organization(url, folder / "demo", *secrets)
        organization("apply", "-y", "--allow", "*")
        organization("schema", "--write")
        Organization(url, folder)("init", "init")
        Organization(url, folder, "-e", "staging")("export", "export")
    emulator.close()


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = once(tmp_path_factory, "editors", fill)
    return {name: EXAMPLE if name == "example" else folder / name for name in STACKS}


@pytest.fixture(scope="module")
def editor(stacks: dict[str, Path]) -> Iterator[LanguageServer]:
    server = LanguageServer(SERVER, stacks["init"].parent)
    yield server
    server.close()


def files_of(root: Path) -> list[Path]:
    found = [root / path for path in yaml_files(Folder(str(root)), ("**/*.yaml",))]
    assert len(found) > 2
    return found


@needs("editor")
@pytest.mark.parametrize("name", STACKS)
def test_an_editor_marks_nothing(editor: LanguageServer, stacks: dict[str, Path], name: str) -> None:
    """Neither a value, nor a schema that cannot be loaded; each file names its schema by a relative path."""
    for file in files_of(stacks[name]):
        assert file.read_text("utf-8").startswith((f"{MODELINE}.hmsplan/", f"{MODELINE}../"))
        assert editor.problems(file) == [], file


@needs("editor")
@pytest.mark.parametrize("name", STACKS)
def test_an_editor_marks_a_mistake(editor: LanguageServer, stacks: dict[str, Path], name: str) -> None:
    """So the schema was read: of the stack file, an environment and a resource file."""
    root = stacks[name]
    environment = next(path for path in sorted((root / "environments").iterdir()) if is_yaml(path.name))
    for file in (root / "hmsplan.yaml", environment, next((root / "assistants").glob("*.yaml"))):
        (problem,) = editor.problems(file, file.read_text("utf-8") + "\nno_such_key: 1\n")
        assert "no_such_key" in problem, file


@needs("editor")
def test_a_mistake_deep_in_an_assistant_is_marked_in_our_words(editor: LanguageServer, stacks: dict[str, Path]) -> None:
    file = stacks["init"] / "assistants" / "support.yaml"
    text = file.read_text("utf-8")
    assert editor.problems(file, text.replace("provider: openai", "provider: opnai")) != []
    secret = text.replace("# webhook_secret: ${secret:webhook}", "webhook_secret: hunter2")
    (problem,) = editor.problems(file, secret)
    assert "the value itself never belongs in a file" in problem


@needs("editor")
def test_fields_are_completed(editor: LanguageServer, stacks: dict[str, Path]) -> None:
    """Those that are left, each with its description; and the models of the chosen provider."""
    file = stacks["init"] / "assistants" / "support.yaml"
    top = "\n".join(file.read_text("utf-8").splitlines()[:2])
    offered = editor.offers(file, f"{top}\nassistants:\n  a:\n    name: A\n    |\n")
    described = {item["label"]: item["documentation"] for item in offered}
    assert {"first_message", "llm_config", "webhook_url", "lifecycle"} <= described.keys()
    assert "name" not in described
    assert all(described.values())
    models = editor.offers(file, f"{top}\nassistants:\n  a:\n    llm_config:\n      provider: openai\n      model: |\n")
    assert "gpt-5.4" in {item["label"] for item in models}


@needs("editor")
@pytest.mark.parametrize(
    ("name", "file", "word", "says"),
    [
        ("init", "assistants/support.yaml", "    name", "hmsplan recognises an existing one by it"),
        ("example", "assistants/balie.yaml", "    name", "hmsplan recognises an existing one by it"),
        ("init", "hmsplan.yaml", "\nstack", "two stacks never share one by accident"),
        ("init", "environments/production.yaml", "\nvariables", "variables that the stack file declares"),
    ],
)
def test_a_field_is_explained_under_the_mouse(
    editor: LanguageServer, stacks: dict[str, Path], name: str, file: str, word: str, says: str
) -> None:
    """By the description of the schema, in a fresh stack and in a checkout."""
    before, _, after = (stacks[name] / file).read_text("utf-8").partition(word)
    assert says in editor.hover(stacks[name] / file, f"{before}{word[:-2]}|{word[-2:]}{after}")


@needs("editor")
@pytest.mark.parametrize(
    ("file", "typed", "offered", "not_offered"),
    [
        ("a.yaml", "numbers: {main: {agent_id: |}}", "${assistants.balie}", "${numbers.main}"),
        ("a.yaml", "numbers:\n  main:\n    transfer_trunk_id: |", "${sip_trunks.voip}", "${assistants.balie}"),
        ("a.yaml", "assistants:\n  a:\n    analysis_plan: |", "${analysis_templates.", "${tool_templates."),
        (
            "a.yaml",
            "assistants:\n  a:\n    llm_config:\n      tools:\n        - |",
            "${tool_templates.",
            "${assistants.",
        ),
        ("a.yaml", "imports:\n  - to: |", "assistants.balie", "assistants.support"),
        ("environments/e.yaml", "overrides:\n  |", "assistants.balie", "assistants.support"),
        ("environments/e.yaml", "overrides:\n  assistants.balie:\n    |", "first_message", "phone_number"),
        ("environments/e.yaml", "exclude:\n  - |", "campaigns.", "assistants.support"),
    ],
)
def test_the_addresses_of_the_stack_are_offered(
    editor: LanguageServer, stacks: dict[str, Path], file: str, typed: str, offered: str, not_offered: str
) -> None:
    """Where one may stand, and of the kind that fits there."""
    schema = ".hmsplan/schemas/resources.schema.json"
    if file.startswith("environments/"):
        schema = "../.hmsplan/schemas/environment.schema.json"
    labels = [item["label"] for item in editor.offers(stacks["demo"] / file, f"{MODELINE}{schema}\n{typed}\n")]
    assert any(label.startswith(offered) for label in labels), labels
    assert not any(label.startswith(not_offered) for label in labels), labels


@needs("readers")
@pytest.mark.parametrize("name", STACKS)
def test_check_jsonschema_agrees(monkeypatch: pytest.MonkeyPatch, stacks: dict[str, Path], name: str) -> None:
    """Each file fits the schema that it names; nothing is fetched, because there is nothing to fetch it with."""
    for variable, proxy in NO_NETWORK.items():
        monkeypatch.setenv(variable, proxy)
    by_schema: dict[str, list[Path]] = {}
    for file in files_of(stacks[name]):
        named = file.read_text("utf-8").partition("\n")[0].removeprefix(MODELINE)
        by_schema.setdefault(os.path.normpath(file.parent / named), []).append(file)
    assert len(by_schema) == 3
    for schema, files in by_schema.items():
        program = JUDGES / "readers" / "bin" / "check-jsonschema"
        done = ask(program, "--no-cache", "--schemafile", schema, *files)
        assert done.returncode == 0, done.stdout


@needs("readers")
@pytest.mark.parametrize("words", [("schema",), ("schema", "assistants"), ("schema", "state")])
def test_check_jsonschema_takes_what_is_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """One file, in a folder where nothing else is, is a whole schema that sees a mistake."""
    for variable, proxy in NO_NETWORK.items():
        monkeypatch.setenv(variable, proxy)
    schema, bad = tmp_path / "printed.json", tmp_path / "bad.yaml"
    schema.write_text(Organization("", tmp_path)(*words), "utf-8")
    bad.write_text("no_such_key: 1\n", "utf-8")
    done = ask(JUDGES / "readers" / "bin" / "check-jsonschema", "--no-cache", "--schemafile", schema, bad)
    assert done.returncode == 1, done.stderr
    assert "Schema validation errors were encountered" in done.stdout
    assert "no_such_key" in done.stdout
