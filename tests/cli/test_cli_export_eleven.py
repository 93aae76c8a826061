"""Export of all eleven kinds: nothing is forgotten, the next plan is empty, and what is not in the files is told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hmsplan.emulator import Emulator, Fault, Settings, running
from hmsplan.kinds import KINDS

from . import eleven

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .helpers import Cli, Result

OURS = {"environments/default.yaml", "hmsplan.yaml", "imports.yaml", "secrets.example.env", ".gitignore"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(settings=Settings(rate_limit=None, retention_readable=True)) as made:
        yield made


@pytest.fixture
def filled(emulator: Emulator, cli: Cli) -> Iterator[Callable[..., Result]]:
    """Return a function that runs a command against an organization with everything."""
    with running(emulator) as url:
        eleven.fill(url)

        def call(*args: str | Path, **env: str) -> Result:
            return cli(*args, **{"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": eleven.KEY, **env})

        yield call


@pytest.fixture
def exported(filled: Callable[..., Result], tmp_path: Path) -> Path:
    result = filled("export", tmp_path / "new")
    assert result.code == 0, result
    return tmp_path / "new"


def files(root: Path) -> dict[str, str]:
    paths = (path for path in root.rglob("*") if path.is_file() and ".hmsplan" not in path.parts)
    return {str(path.relative_to(root)): path.read_text("utf-8") for path in paths}


def declared(root: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path, text in files(root).items():
        if path.endswith(".yaml") and path not in OURS:
            for kind, block in yaml.safe_load(text).items():
                found.setdefault(kind, {}).update(block)
    return found


def secrets(root: Path) -> dict[str, str]:
    """Return a value for each secret that the export lists."""
    lines = (line for line in files(root)["secrets.example.env"].splitlines() if line.endswith("="))
    return {line.removesuffix("="): f"filled in {number}" for number, line in enumerate(lines)}


def assert_empty(run: Callable[..., Result], root: Path, *options: str | Path, **env: str) -> None:
    assert run("-C", root, *options, "validate", **env).code == 0
    result = run("-C", root, *options, "plan", "--detailed-exitcode", **env)
    assert (result.code, "No changes." in result.out) == (0, True), result


def test_all_eleven_kinds_are_exported_and_the_next_plan_is_empty(
    filled: Callable[..., Result], exported: Path, emulator: Emulator
) -> None:
    """With the secrets unset, as after an export, and set, as in the pipeline."""
    before = len(emulator.writes)
    assert declared(exported).keys() == KINDS.keys()
    assert_empty(filled, exported)
    assert_empty(filled, exported, **secrets(exported))
    assert filled("-C", exported, "drift", "--detailed-exitcode").code == 0
    assert filled("-C", exported, "fmt", "--check").code == 0
    assert len(emulator.writes) == before


def test_without_its_state_it_is_adopted_and_nothing_written(
    filled: Callable[..., Result], exported: Path, emulator: Emulator
) -> None:
    """Each by its line of imports.yaml; a provider's key, which has no id, by the provider."""
    before = len(emulator.writes)
    shutil.rmtree(exported / ".hmsplan")
    plan = filled("-C", exported, "plan", "--json").json
    changes = plan["resource_changes"]
    assert {tuple(each["change"]["actions"]) for each in changes} == {("no-op",)}
    assert all("importing" in each["change"] for each in changes)
    assert filled("-C", exported, "apply", "-y").code == 0
    assert len(emulator.writes) == before
    assert_empty(filled, exported)


def test_two_exports_are_the_same_bytes(filled: Callable[..., Result], exported: Path, tmp_path: Path) -> None:
    """So that a nightly export can be compared."""
    assert filled("export", tmp_path / "again" / "new").code == 0
    assert files(exported) == files(tmp_path / "again" / "new")


def test_a_single_object_has_the_key_main(exported: Path) -> None:
    """As everybody writes it by hand."""
    found = declared(exported)
    assert found["domain"] == {"main": {"domain_name": "mail.example.com"}}
    assert found["organization"] == {"main": eleven.RETENTION}


def test_ids_become_references_at_every_depth(exported: Path) -> None:
    found = declared(exported)
    assert found["numbers"]["number_31850000001"]["workflow_id"] == "${workflows.triage}"
    tools = found["assistants"]["reception"]["llm_config"]["tools"]
    assert tools[0] == "${tool_templates.look_up}"
    assert tools[1]["mcp_server_id"] == "${mcp_servers.crm}"
    assert tools[2]["destinations"][0]["number"] == "${numbers.number_31850000002.phone_number}"
    nodes = {node["id"]: node for node in found["workflows"]["triage"]["definition"]["nodes"]}
    assert nodes["hello"]["tools"][0] == "${tool_templates.look_up}"
    assert nodes["desk"]["destination"] == "${numbers.number_31850000002.phone_number}"
    assert nodes["elsewhere"]["destination"] == "+31850009999"


def test_long_texts_lie_in_folders_by_kind_and_short_ones_stay(exported: Path) -> None:
    written = files(exported)
    assert written["prompts/workflows/triage/hello.md"] == eleven.TRIAGE
    assert written["prompts/workflows/triage/global_prompt.md"] == "Be kind.\nAlways."
    assert written["prompts/assistants/reception.md"] == eleven.PROMPT
    assert "prompts/campaigns/spring.md" in written
    assert len([path for path in written if path.startswith("prompts/")]) == 4
    nodes = declared(exported)["workflows"]["triage"]["definition"]["nodes"]
    assert nodes[1]["instructions"] == "Say goodbye."


def test_no_secret_is_written_and_each_is_listed(exported: Path) -> None:
    text = "\n".join(files(exported).values())
    assert not [secret for secret in eleven.SECRETS if secret in text]
    assert "    #   X-Tenant: ${secret:crm_headers_X_Tenant}" in text
    assert secrets(exported).keys() == {
        "HMSPLAN_SECRET_CRM_HEADERS_AUTHORIZATION",
        "HMSPLAN_SECRET_CRM_HEADERS_X_TENANT",
        "HMSPLAN_SECRET_ELEVENLABS_API_KEY",
        "HMSPLAN_SECRET_RESEND_API_KEY",
        "HMSPLAN_SECRET_VOIP_AUTH_PASSWORD",
        "HMSPLAN_SECRET_RECEPTION_WEBHOOK_SECRET",
        "HMSPLAN_SECRET_RECEPTION_TOOLS_3_SECRET",
        "HMSPLAN_SECRET_TRIAGE_NODES_0_TOOLS_2_SECRET",
    }


def test_a_secret_is_declared_by_taking_the_mark_away(filled: Callable[..., Result], exported: Path) -> None:
    """Headers all together, since one that is not declared is taken away."""
    for name in ("mcp_servers.yaml", "byok_keys.yaml"):
        path = exported / name
        lines = path.read_text("utf-8").splitlines()
        marks = ("    # headers:", "    #   ", "    # api_key:")
        lines = [line.replace("# ", "", 1) if line.startswith(marks) else line for line in lines]
        path.write_text("\n".join(lines) + "\n", "utf-8")
    result = filled("-C", exported, "plan", "--detailed-exitcode", **secrets(exported))
    assert (result.code, "3 to change" in result.out) == (2, True), result


def test_the_organization_is_pinned_without_an_environment_to_name(
    filled: Callable[..., Result], exported: Path
) -> None:
    """A key of another organization is refused by every command, and none needs -e."""
    assert filled("-C", exported, "plan", HMS_SOVEREIGN_API_KEY="fl_another").code == 9
    shutil.rmtree(exported / ".hmsplan")
    assert filled("-C", exported, "plan", HMS_SOVEREIGN_API_KEY="fl_another").code == 9


def test_what_the_api_does_not_show_is_told(cli: Cli, tmp_path: Path) -> None:
    with Emulator(settings=Settings(rate_limit=None)) as emulator, running(emulator) as url:
        eleven.fill(url)
        env = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": eleven.KEY}
        result = cli("export", tmp_path / "new", "--json", **env)
        assert result.json["left_out"] == [
            "byok_keys.elevenlabs config: the API does not show it",
            "byok_keys.resend config: the API does not show it",
            "organization.main: the API does not show content_retention_days and metadata_retention_days",
        ]
        assert "organization" not in declared(tmp_path / "new")


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("kind", ["workflows", "mcp_servers", "byok_keys", "domain", "campaigns"])
def test_a_kind_that_is_not_shown_is_left_out_and_named(
    filled: Callable[..., Result], emulator: Emulator, tmp_path: Path, kind: str, status: int
) -> None:
    """Because the key may not read it, or because the API does not have it."""
    emulator.inject(Fault(do="status", path=KINDS[kind].path, status=status, body={"error": "not for this key"}))
    result = filled("export", tmp_path / "new")
    assert result.code == 0, result
    assert f"  {kind}: the key may not read them, or the API does not have them" in result.err
    assert kind not in declared(tmp_path / "new")
    assert max(map(len, (result.out + result.err).replace(str(tmp_path), "").splitlines())) <= 80
    assert_empty(filled, tmp_path / "new")


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["workflows"], {"workflows": {"night", "triage"}}),
        (["numbers.number_31850000001"], {"numbers": {"number_31850000001"}}),
        (["assistants.s*", "mcp_servers"], {"assistants": {"short"}, "mcp_servers": {"agenda", "crm"}}),
        (["organization", "domain.main"], {"organization": {"main"}, "domain": {"main"}}),
    ],
)
def test_only_what_was_asked_for_is_exported(
    filled: Callable[..., Result], tmp_path: Path, only: list[str], kinds: dict[str, set[str]]
) -> None:
    assert filled("export", tmp_path / "new", *(part for each in only for part in ("--only", each))).code == 0
    assert {kind: block.keys() for kind, block in declared(tmp_path / "new").items()} == kinds
    assert_empty(filled, tmp_path / "new")
    shutil.rmtree(tmp_path / "new" / ".hmsplan")
    assert filled("-C", tmp_path / "new", "plan").code == 0


def test_what_is_not_taken_along_stays_an_id_with_a_comment(filled: Callable[..., Result], tmp_path: Path) -> None:
    """A reference would need the other object, and nobody asked for it."""
    assert filled("export", tmp_path / "new", "--only", "numbers", "--only", "sip_trunks").code == 0
    number = declared(tmp_path / "new")["numbers"]["number_31850000001"]
    assert number["transfer_trunk_id"] == "${sip_trunks.voip}"
    assert len(number["workflow_id"]) == 36
    text = (tmp_path / "new" / "telephony" / "numbers.yaml").read_text("utf-8")
    assert "    # workflow_id is the id of workflows.triage, which is not in these files.\n" in text
    assert "    # agent_id is the id of assistants.reception, which is not in these files.\n" in text


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ("asistants", "Did you mean assistants?"),
        ("assistants.receptoin", "Did you mean assistants.reception?"),
        ("leads", "Kinds are:"),
    ],
)
def test_a_selection_of_nothing_is_an_error(
    filled: Callable[..., Result], tmp_path: Path, only: str, said: str
) -> None:
    result = filled("export", tmp_path / "new", "--only", only)
    assert (result.code, said in " ".join(result.err.split())) == (1, True), result
    assert not (tmp_path / "new").exists()


def test_leads_can_stay_out(filled: Callable[..., Result], emulator: Emulator, tmp_path: Path) -> None:
    """They are people: not read, not written, and not managed from then on."""
    emulator.requests.clear()
    result = filled("export", tmp_path / "new", "--without-leads", "--json")
    assert not [record for record in emulator.requests if "leads" in record.path]
    assert "campaigns.spring leads: --without-leads" in result.json["left_out"]
    assert "leads" not in declared(tmp_path / "new")["campaigns"]["spring"]
    assert_empty(filled, tmp_path / "new")


def test_minimal_leaves_out_what_the_platform_does_anyway(filled: Callable[..., Result], tmp_path: Path) -> None:
    """By the defaults of the schemas alone, at every depth; what is required stays."""
    assert filled("export", tmp_path / "new", "--minimal").code == 0
    found = declared(tmp_path / "new")
    assert "transport" not in found["mcp_servers"]["crm"]
    assert "timeout_seconds" not in found["mcp_servers"]["crm"]
    assert (found["mcp_servers"]["agenda"]["transport"], found["mcp_servers"]["agenda"]["timeout_seconds"]) == (
        "sse",
        30,
    )
    assert "is_active" not in found["workflows"]["triage"]
    assert found["workflows"]["night"]["is_active"] is False
    assert "global" not in found["workflows"]["triage"]["definition"]["nodes"][1]
    assistant = found["assistants"]["reception"]
    assert "temperature" not in assistant["llm_config"]
    assert "required" not in assistant["llm_config"]["tools"][1]
    assert assistant["name"] == "Reception"
    assert found["sip_trunks"]["voip"]["transport"] == "tls"
    assert_empty(filled, tmp_path / "new")
