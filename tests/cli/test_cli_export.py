"""``hmsplan export``: a whole live organization as a stack whose next plan is empty."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from support.stacks import example

from hmsplan.cli import embedded
from hmsplan.emulator import Emulator, Settings, running
from hmsplan.export.keys import slug
from hmsplan.state.backend import new_state, open_backend

from .helpers import EXAMPLE, KEY, SECRETS, Cli
from .organization import HARMLESS, ODD, UNSHOWN, furnish
from .organization import SECRETS as HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    seconds = itertools.count(1_800_000_000.0)  # so that of two objects one is older
    made = Emulator(settings=Settings(rate_limit=None), clock=lambda: next(seconds))
    yield made
    made.close()


@pytest.fixture
def exported(online: Any, emulator: Emulator, tmp_path: Path) -> Path:
    """Return the stack that was exported from an organization with everything."""
    furnish(emulator, KEY)
    result = online("export", tmp_path / "new")
    assert result.code == 0, result
    emulator.requests.clear()
    return tmp_path / "new"


def texts(root: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(root.rglob("*")) if path.is_file())


def resources(root: Path) -> dict[str, dict[str, Any]]:
    """Return everything that is declared, read by another YAML library."""
    found: dict[str, dict[str, Any]] = {}
    for path in root.rglob("*.yaml"):
        for kind, block in (yaml.safe_load(path.read_text("utf-8")) or {}).items():
            if isinstance(block, dict):
                found.setdefault(kind, {}).update(block)
    return found


def test_the_next_plan_is_empty(online: Any, emulator: Emulator, exported: Path) -> None:
    """Truly: the state binds everything, so there is not even anything to adopt."""
    assert online("-C", exported, "validate").code == 0
    result = online("-C", exported, "plan", "--detailed-exitcode")
    assert result.code == 0
    assert "No changes." in result.out
    assert online("-C", exported, "drift", "--detailed-exitcode").code == 0
    assert not emulator.writes


def test_an_object_called_like_the_stack_file_makes_no_stack_of_its_folder(
    online: Any, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.organization(KEY)
    for name in ("Good", "Hmsplan"):
        emulator.add("assistants", {"name": name})
    result = online("export", tmp_path / "new")
    assert result.code == 0, result
    assert sorted(resources(tmp_path / "new")["assistants"]) == ["assistant_hmsplan", "good"]
    assert online("-C", tmp_path / "new", "plan").code == 0


def test_without_the_state_everything_is_adopted_and_nothing_changed(
    online: Any, emulator: Emulator, exported: Path
) -> None:
    """On another computer imports.yaml says which object is which; after one apply the plan is empty there too."""
    elsewhere = ("-C", exported, "--state", "elsewhere")
    plan = online(*elsewhere, "plan", "--json").json
    actions = {tuple(change["change"]["actions"]) for change in plan["resource_changes"]}
    assert actions == {("no-op",)}
    assert all("importing" in change["change"] for change in plan["resource_changes"])
    assert online(*elsewhere, "apply", "-y").code == 0
    assert not emulator.writes
    assert online(*elsewhere, "plan", "--detailed-exitcode").code == 0


def test_the_organization_is_only_read(online: Any, emulator: Emulator, tmp_path: Path) -> None:
    """Seen from the other side of the wire."""
    furnish(emulator, KEY)
    online("export", tmp_path / "new")
    assert not emulator.writes


def test_an_apply_changes_only_what_is_edited(online: Any, emulator: Emulator, exported: Path) -> None:
    """The exported stack is one to work with."""
    path = exported / "assistants" / "assistant_no.yaml"
    path.write_text(path.read_text("utf-8").replace('name: "no"', "name: Renamed"), "utf-8")
    assert online("-C", exported, "apply", "-y").code == 0
    assert [record.method for record in emulator.writes] == ["PATCH"]
    assert "Renamed" in {assistant["name"] for assistant in emulator.all("assistants")}


def test_no_secret_is_written(exported: Path) -> None:
    """Each is listed in a comment that shows how to declare it."""
    text = texts(exported)
    assert not [secret for secret in HIDDEN if secret in text]
    assert "# webhook_secret: ${secret:secret_webhook_secret}" in text
    assert "HMSPLAN_SECRET_T_AUTH_PASSWORD" in text
    assert "write the next line into llm_config.tools[0].server," in text


@pytest.mark.parametrize("webhook", ["returned", "masked", "null"])
@pytest.mark.parametrize("tool", ["dropped", "masked", "returned"])
def test_no_stance_of_the_api_on_secrets_gets_one_into_a_file(
    cli: Cli, tmp_path: Path, webhook: Any, tool: Any
) -> None:
    """Whether reading shows them, masks them or drops them."""
    emulator = Emulator(settings=Settings(rate_limit=None, webhook_secret=webhook, tool_secret=tool))
    furnish(emulator, KEY)
    with running(emulator) as url:
        env = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": KEY}
        cli.ok("export", tmp_path / "new", **env)
        assert cli("-C", tmp_path / "new", "plan", "--detailed-exitcode", **env).code == 0
    emulator.close()
    text = texts(tmp_path / "new")
    assert not [secret for secret in (*HIDDEN, "********") if secret in text]


def test_a_secret_can_be_declared_as_its_comment_shows(online: Any, exported: Path) -> None:
    """Taking the # away is all there is to do."""
    path = exported / "assistants" / "secret.yaml"
    path.write_text(path.read_text("utf-8").replace("# webhook_secret:", "webhook_secret:"), "utf-8")
    result = online("-C", exported, "plan", "--detailed-exitcode", HMSPLAN_SECRET_SECRET_WEBHOOK_SECRET="x")
    assert result.code == 2
    assert "1 to change" in result.out


def test_ids_become_references(exported: Path) -> None:
    """Where the object is exported; another id stays as it is."""
    found = resources(exported)
    assert found["numbers"]["number_31850000099"]["agent_id"] == "${assistants.support}"
    assert found["numbers"]["number_31850000099"]["transfer_trunk_id"] == "${sip_trunks.t}"
    assert found["numbers"]["main_line"]["agent_id"].startswith("3f0c0d5e-")
    assert {campaign["agent_id"] for campaign in found["campaigns"].values()} == {"${assistants.support_2}"}


def test_a_copy_of_a_template_becomes_the_template(exported: Path) -> None:
    """Only an exact one; hanging up is no template to anybody."""
    tools = resources(exported)["assistants"]["tools"]["llm_config"]["tools"]
    assert "${tool_templates.copied}" in tools
    assert {"type": "end_call"} in tools


def test_long_texts_stand_in_files(exported: Path) -> None:
    """Byte for byte, and what looks like ours in them means nothing."""
    prompts = resources(exported)["assistants"]["prompts"]["llm_config"]["messages"]
    assert prompts[0]["content"] == "${file:prompts/assistants/prompts.md}"
    text = (exported / "prompts" / "assistants" / "prompts.md").read_bytes().decode()
    assert text == "  # lead\n\n - x\n\ttab ${file:a}\n\n"
    assert prompts[1]["content"] == "${file:prompts/assistants/prompts.message_2.md}"


def test_leads_stand_in_csv_unless_that_would_change_them(exported: Path) -> None:
    """A column is there for every lead, so leads with different variables stay in YAML."""
    campaigns = resources(exported)["campaigns"]
    assert campaigns["spring"]["leads"] == "${csv:leads/spring.csv}"
    assert isinstance(campaigns["spring_2"]["leads"], list)
    assert isinstance(campaigns["names"]["leads"], list)
    assert "leads" not in campaigns["empty"]


def test_nothing_is_declared_that_the_platform_sets(exported: Path) -> None:
    """No id, no time, no null, and no status that nobody can set."""
    found = resources(exported)
    computed = {"id", "org_id", "created_at", "updated_at", "agent_name", "total_leads"}
    for block in (resource for kind in found.values() for resource in kind.values() if isinstance(resource, dict)):
        assert not computed & block.keys()
        assert None not in block.values()
    assert "status" not in found["campaigns"]["spring"]


@pytest.mark.parametrize("field", ODD)
def test_what_cannot_be_declared_is_left_out_with_its_reason(
    online: Any, emulator: Emulator, tmp_path: Path, field: str
) -> None:
    """Only that; the rest of the object is exported, and the plan is empty."""
    base = HARMLESS[0] | {"stt_config": {"provider": "deepgram", "model": "nova-3", "language": "multi"}}
    emulator.organization(KEY)
    emulator.add("assistants", {**base, "llm_config": {"provider": "openai", "model": "x"}, **ODD[field]}, key=KEY)
    found = online("export", tmp_path / "new", "--json").json
    assert found["resources"] == (0 if field.endswith("name") and field != "business_name" else 1)
    assert any(field.removeprefix("empty ") in line for line in found["left_out"])
    assert online("-C", tmp_path / "new", "plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("fields", HARMLESS, ids=lambda fields: slug(fields["name"]))
def test_what_can_be_declared_is_exported_whole(
    online: Any, emulator: Emulator, tmp_path: Path, fields: dict[str, Any]
) -> None:
    """Nothing is left out for being unusual."""
    emulator.organization(KEY)
    whole = {"llm_config": {"provider": "openai", "model": "x"}, "is_active": True, **fields}
    emulator.add("assistants", whole, key=KEY)
    found = online("export", tmp_path / "new", "--json").json
    assert (found["resources"], found["left_out"]) == (1, [UNSHOWN])
    assert online("-C", tmp_path / "new", "plan", "--detailed-exitcode").code == 0


def test_what_is_left_out_is_shown_safely(online: Any, emulator: Emulator, tmp_path: Path) -> None:
    """Names come from outside."""
    furnish(emulator, KEY)
    result = online("export", tmp_path / "new")
    assert "Live, and not in these files:" in result.err
    assert all(line.isprintable() for line in (result.out + result.err).splitlines())


def test_the_export_is_in_canonical_form(online: Any, exported: Path) -> None:
    """fmt has nothing to do."""
    assert online("-C", exported, "fmt", "--check").code == 0


def test_the_same_organization_gives_the_same_files(online: Any, exported: Path, tmp_path: Path) -> None:
    """So that two exports can be compared."""
    assert online("export", tmp_path / "again" / "new").code == 0
    again = tmp_path / "again" / "new"
    names = {str(path.relative_to(exported)) for path in exported.rglob("*") if path.is_file()}
    assert names == {str(path.relative_to(again)) for path in again.rglob("*") if path.is_file()}
    for name in names:
        if not name.startswith(".hmsplan"):
            assert (exported / name).read_bytes() == (again / name).read_bytes()


def test_what_hmsplan_made_comes_back(online: Any, tmp_path: Path) -> None:
    """The example, applied and exported: every object, its templates and its leads."""
    common = ("-C", example(tmp_path / "old"), "--secrets-file", SECRETS, "--state", tmp_path / "state")
    assert online(*common, "apply", "-y").code == 0
    result = online("export", tmp_path / "new", "--json")
    assert result.json["resources"] == 14
    unshown = [f"byok_keys.{name} config: the API does not show it" for name in ("elevenlabs", "resend")]
    assert result.json["left_out"] == [*unshown, UNSHOWN]
    found = resources(tmp_path / "new")
    assert found["assistants"]["balie"]["analysis_plan"] == "${analysis_templates.call_outcome}"
    assert "${tool_templates.look_up_appointment}" in found["assistants"]["balie"]["llm_config"]["tools"]
    assert (tmp_path / "new/prompts/assistants/balie.md").read_bytes() == (EXAMPLE / "prompts/balie.md").read_bytes()
    assert online("-C", tmp_path / "new", "plan", "--detailed-exitcode").code == 0


def test_an_empty_organization_is_an_empty_stack(online: Any, tmp_path: Path) -> None:
    """A stack to begin with."""
    result = online("export", tmp_path / "new")
    assert (result.code, "ecret" in result.out + result.err) == (0, False), result
    assert online("-C", tmp_path / "new", "plan", "--detailed-exitcode").code == 0


def test_secrets_that_are_to_be_filled_in_are_named(online: Any, emulator: Emulator, tmp_path: Path) -> None:
    emulator.add("assistants", {"name": "Secret", "webhook_secret": "c4nary"}, key=KEY)
    result = online("export", tmp_path / "new")
    assert "Not exported: secrets. Each is a comment with ${secret:…} in the files" in result.err
    assert "c4nary" not in result.out + result.err


def test_an_environment_names_its_organization(online: Any, emulator: Emulator, tmp_path: Path) -> None:
    """With -e, the file of the environment refuses any other key."""
    furnish(emulator, KEY)
    assert online("-e", "production", "export", tmp_path / "new").code == 0
    here = ("-C", tmp_path / "new", "-e", "production")
    assert online(*here, "plan", "--detailed-exitcode").code == 0
    assert online(*here, "plan", HMS_SOVEREIGN_API_KEY="fl_other").code == 9


@pytest.mark.parametrize("there", ["hmsplan.yaml", "assistants/mine.yaml", "prompts/assistants/support.md"])
def test_a_folder_in_use_is_refused(online: Any, emulator: Emulator, tmp_path: Path, there: str) -> None:
    """Nothing in it is touched, and nothing is written beside it."""
    emulator.organization(KEY)
    prompt = [{"role": "system", "content": "a\nb"}]
    llm = {"provider": "openai", "model": "x", "messages": prompt}
    emulator.add("assistants", {"name": "Support", "llm_config": llm}, key=KEY)
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("mine", "utf-8")
    result = online("export", tmp_path)
    assert result.code == 1
    assert there in result.err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / there]


def test_a_state_that_is_there_stays_as_it_is(online: Any, emulator: Emulator, tmp_path: Path) -> None:
    """The next plan adopts by imports.yaml then, and the output says so."""
    furnish(emulator, KEY)
    backend = open_backend("file", tmp_path / "new", "default")
    with backend.lock("test"):
        backend.load()
        backend.save(new_state())
    result = online("export", tmp_path / "new")
    assert result.code == 0
    assert "adopts by imports.yaml" in result.out
    plan = online("-C", tmp_path / "new", "plan")
    assert "0 to add, 0 to change, 0 to destroy" in plan.out


def test_with_the_emulator_it_reads_the_one_of_its_folder(cli: Cli, tmp_path: Path) -> None:
    """Without a key and without a network."""
    file = embedded.database(tmp_path, "default")
    file.parent.mkdir(parents=True)
    emulator = Emulator(file)
    furnish(emulator, "fl_emulator")
    emulator.close()
    assert cli("-C", tmp_path, "--emulator", "export").code == 0
    assert cli("-C", tmp_path, "--emulator", "plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Käse & Söhne", "kase_sohne"), ("日本語", ""), ("  A--b ", "a_b"), ("x" * 99, "x" * 40), ("\x00\u202e", "")],
)
def test_keys_are_plain(text: str, expected: str) -> None:
    """Letters, digits and underscores, whatever the name."""
    assert slug(text) == expected
