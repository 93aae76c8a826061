"""What a fleet file says, and what is wrong with one: every problem at once, each at its line."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from hmsplan.errors import ConfigError
from hmsplan.fleet.load import load_fleet
from hmsplan.fleet.values import StopOn, chosen, in_waves

if TYPE_CHECKING:
    from pathlib import Path

CSV = """\
name,key,environment,tags,business_name
acme,HMS_KEY_ACME,,pilot nl,Acme
beta,secret:beta,staging,,"Beta, Ltd"
gamma,HMS_KEY_GAMMA,,nl,
"""


def fleet_in(root: Path, text: str, csv: str = CSV) -> Path:
    (root / "clinics").mkdir(exist_ok=True)
    (root / "clinics" / "hmsplan.yaml").write_text("version: 1\nstack: clinics\n")
    (root / "clients.csv").write_text(csv)
    (root / "fleet.yaml").write_text(text)
    return root


def problems(root: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_fleet(root)
    return [f"{each.source} {each.summary}" for each in caught.value.diagnostics]


def test_members_come_from_a_csv_file(tmp_path: Path) -> None:
    fleet = load_fleet(fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n"))
    acme, beta, gamma = fleet.members
    assert (acme.name, acme.key, acme.stack, acme.tags, acme.environment) == (
        "acme",
        "HMS_KEY_ACME",
        "clinics",
        ("pilot", "nl"),
        None,
    )
    assert (beta.environment, beta.variables["business_name"].value) == ("staging", "Beta, Ltd")
    assert str(beta.variables["business_name"].source) == "../clients.csv:3:27"  # as the stack sees it
    assert gamma.variables == {}  # an empty cell says nothing
    assert fleet.stop_on is StopOn.FAILURE
    assert pickle.loads(pickle.dumps(fleet)) == fleet


def test_a_member_names_where_its_own_secrets_are_kept(tmp_path: Path) -> None:
    """In a CSV file in a column each; an empty cell says nothing."""
    csv = "name,key,secret:crm\nacme,HMS_KEY_ACME,acme_crm\nbeta,HMS_KEY_BETA,\n"
    acme, beta = load_fleet(fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n", csv)).members
    assert {name: own.value for name, own in acme.secrets.items()} == {"crm": "acme_crm"}
    assert (str(acme.secrets["crm"].source), beta.secrets, acme.variables) == ("../clients.csv:1:10", {}, {})
    text = "members: [{name: acme, key: HMS_KEY_ACME, secrets: {crm: acme_crm}}]\nstack: clinics\n"
    (acme,) = load_fleet(fleet_in(tmp_path, text)).members
    assert str(acme.secrets["crm"].source) == "../fleet.yaml:1:58"


def test_a_secret_itself_is_never_shown(tmp_path: Path) -> None:
    text = "members: [{name: acme, key: HMS_KEY_ACME, secrets: {crm: 'c4nary+secret/x='}}]\nstack: clinics\n"
    assert problems(fleet_in(tmp_path, text)) == ["fleet.yaml:1:58 Secret in plain text"]
    for kept in ("whsec_c4nary0123", "fl_live_c4nary0123"):
        text = f"members: [{{name: acme, key: HMS_KEY_ACME, secrets: {{crm: {kept}}}}}]\nstack: clinics\n"
        assert problems(fleet_in(tmp_path, text)) == ["fleet.yaml:1:58 Secret in plain text"]
        csv = f"name,key,secret:crm\nacme,HMS_KEY_ACME,{kept}\n"
        path = fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n", csv)
        assert problems(path) == ["clients.csv:2:19 Secret in plain text"]
    csv = "name,key,secret:crm,secret:\nacme,HMS_KEY_ACME,c4nary+secret/x=,1\n"
    path = fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n", csv)
    assert problems(path) == ["clients.csv:1:1 Bad column"]
    path = fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n", csv.replace(",secret:\n", ",x\n"))
    with pytest.raises(ConfigError) as caught:
        load_fleet(path)
    (problem,) = caught.value.diagnostics
    assert (str(problem.source), problem.summary) == ("clients.csv:2:19", "Secret in plain text")
    assert "c4nary" not in problem.detail


def test_members_stand_in_the_file_with_variables_and_overrides(tmp_path: Path) -> None:
    text = """\
stack: clinics
stop_on: refusal
waves: [{members: [pilot]}, {share: 50%}, {share: 100%, after: 2h}]
members:
  - name: acme
    key: HMS_KEY_ACME
    tags: [pilot]
    variables: {business_name: Acme, seats: 3}
    overrides: {assistants.desk: {first_message: Hello}}
  - {name: beta, key: HMS_KEY_BETA, organization: 6f9d1111-0000-4000-8000-000000000000}
  - {name: gamma, key: HMS_KEY_GAMMA}
  - {name: delta, key: HMS_KEY_DELTA}
"""
    fleet = load_fleet(fleet_in(tmp_path, text))
    acme = fleet.members[0]
    assert acme.variables["seats"].value == 3
    assert acme.overrides is not None
    assert acme.overrides.value == {"assistants.desk": {"first_message": "Hello"}}
    assert str(acme.overrides.source) == "../fleet.yaml:9:5"
    assert fleet.stop_on is StopOn.REFUSAL
    assert [wave.after_s for wave in fleet.waves] == [0, 0, 7200]
    names = [[member.name for member in wave] for wave in in_waves(fleet, fleet.members)]
    assert names == [["acme"], ["beta"], ["gamma", "delta"]]
    assert [[m.name for m in wave] for wave in in_waves(fleet, fleet.members[2:])] == [[], [], ["gamma", "delta"]]


def test_members_of_a_table_have_overrides_at_the_top(tmp_path: Path) -> None:
    text = "members: ${csv:clients.csv}\nstack: clinics\noverrides:\n  beta:\n    assistants.desk: {name: Front}\n"
    acme, beta, _ = load_fleet(fleet_in(tmp_path, text)).members
    assert acme.overrides is None
    assert beta.overrides is not None
    assert beta.overrides.value == {"assistants.desk": {"name": "Front"}}
    assert str(beta.overrides.source) == "../fleet.yaml:4:3"


def test_overrides_of_no_member_and_those_in_two_places_are_errors(tmp_path: Path) -> None:
    text = """\
stack: clinics
members:
  - {name: acme, key: HMS_KEY_ACME, overrides: {assistants.desk: {name: Front}}}
overrides:
  acme: {assistants.desk: {name: Back}}
  acne: {assistants.desk: {name: Back}}
"""
    with pytest.raises(ConfigError) as caught:
        load_fleet(fleet_in(tmp_path, text))
    found = [(str(each.source), each.summary) for each in caught.value.diagnostics]
    assert found == [("fleet.yaml:5:3", "Overrides in two places"), ("fleet.yaml:6:3", "Unknown member")]
    assert "Did you mean acme?" in caught.value.diagnostics[1].detail


def test_patterns_mean_names_and_tags_and_leave_out(tmp_path: Path) -> None:
    members = load_fleet(fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n")).members

    def names(*patterns: str) -> list[str]:
        return [member.name for member in chosen(members, patterns)]

    assert names() == ["acme", "beta", "gamma"]
    assert names("nl") == ["acme", "gamma"]
    assert names("b*", "pilot") == ["acme", "beta"]
    assert names("!pilot") == ["beta", "gamma"]
    assert names("nl", "!g*") == ["acme"]


def test_every_problem_of_a_list_is_told_at_once(tmp_path: Path) -> None:
    text = """\
stack: nowhere
members:
  - {name: acme, key: HMS_KEY_ACME}
  - {name: acme, key: HMS_KEY_ACME}
  - {name: leak, key: fl_live_0123456789}
  - {name: out, key: HMS_KEY_OUT, stack: ../other}
"""
    assert problems(fleet_in(tmp_path, text)) == [
        "fleet.yaml:1:8 No stack there",
        "fleet.yaml:5:23 Secret in plain text",
        "fleet.yaml:6:42 Path outside the fleet",
        "fleet.yaml:4:12 Duplicate member",
        "fleet.yaml:4:12 Key of two members",
    ]


def test_every_problem_of_a_csv_file_is_told_at_once(tmp_path: Path) -> None:
    csv = "name,key,tags\nAcme,HMS_KEY_ACME,\nbeta,,\ngamma,fl_live_0123456789,\ndelta,HMS_D,NL\nfive\n"
    assert problems(fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n", csv)) == [
        "clients.csv:2:1 Wrong form",
        "clients.csv:3:1 Missing field",
        "clients.csv:4:7 Secret in plain text",
        "clients.csv:5:13 Wrong form",
        "clients.csv:6:1 Wrong number of cells",
    ]


def test_many_rows_of_a_wrong_length_are_told_by_the_first_three(tmp_path: Path) -> None:
    csv = "name,key,tags\n" + "".join(f"m{number},HMS_KEY_{number}\n" for number in range(12))
    with pytest.raises(ConfigError) as caught:
        load_fleet(fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n", csv))
    assert [str(each.source) for each in caught.value.diagnostics] == [f"clients.csv:{line}:1" for line in (2, 3, 4, 5)]
    assert caught.value.diagnostics[-1].detail == "So have 9 more lines, from here on."


@pytest.mark.parametrize("key", ["fl_live_0123456789", "sk-0123456789", "a b"])
def test_a_key_in_the_file_is_refused_and_not_shown(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_fleet(fleet_in(tmp_path, f"members: [{{name: acme, key: '{key}'}}]\nstack: clinics\n"))
    assert key not in str(caught.value)
    assert [each.summary for each in caught.value.diagnostics] == ["Secret in plain text"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "members: [{name: a, key: HMS_A}, {name: b, key: HMS_B, tags: [a]}]\nstack: clinics\n",
            ["fleet.yaml:1:41 Tag is a name"],
        ),
        ("members: []\n", ["fleet.yaml:1:1 Too few items"]),
        ("stack: clinics\n", ["fleet.yaml:1:1 Missing field"]),
        ("members: clients.csv\n", ["fleet.yaml:1:10 Wrong form"]),
        ("members: ${csv:nowhere.csv}\nstack: clinics\n", ["fleet.yaml:1:10 File not found"]),
        ("members: ${csv:../x.csv}\nstack: clinics\n", ["fleet.yaml:1:10 Path outside the stack"]),
        ("members: ${csv:clients.csv}\nstack: clinics\nwave: []\n", ["fleet.yaml:3:1 Unknown field"]),
        (
            "members: ${csv:clients.csv}\nstack: clinics\nwaves: [{share: 50%}, {share: 50%}]\n",
            ["fleet.yaml:3:23 Empty wave", "fleet.yaml:3:1 Members in no wave"],
        ),
        ("members: ${csv:clients.csv}\nwaves: [{}]\n", ["fleet.yaml:2:9 Missing field"]),
        ("members: ${csv:clients.csv}\nwaves: [{members: [a], share: 1%}]\n", ["fleet.yaml:2:9 Not allowed here"]),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, text: str, said: list[str]) -> None:
    assert problems(fleet_in(tmp_path, text)) == said


def test_a_column_without_a_value_is_warned_of(tmp_path: Path) -> None:
    table = "name,key,tags,organization,bussiness_name,phone,secret:crm\na,KEY_A,,,,,\nb,KEY_B,,,,1,\n"
    fleet = load_fleet(fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n", table))
    assert [(each.summary, str(each.source)) for each in fleet.warnings] == [
        ("Empty column", "clients.csv:1:28"),
        ("Empty column", "clients.csv:1:49"),
    ]
    assert "bussiness_name" in fleet.warnings[0].detail


def test_a_table_without_members_is_told(tmp_path: Path) -> None:
    fleet = fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n", "name,key\n")
    assert problems(fleet) == ["clients.csv:2:1 Too few items"]


def test_a_file_of_another_ending_is_named(tmp_path: Path) -> None:
    fleet_in(tmp_path, "members: ${csv:clients.csv}\nstack: clinics\n").joinpath("fleet.yaml").rename(
        tmp_path / "fleet.yml"
    )
    with pytest.raises(ConfigError, match=r"There is a fleet\.yml: rename it\."):
        load_fleet(tmp_path)


def test_a_first_wave_that_would_wait_is_warned_of(tmp_path: Path) -> None:
    text = "members: ${csv:clients.csv}\nstack: clinics\nwaves: [{share: 100%, after: 2h}]\n"
    assert [str(each.source) for each in load_fleet(fleet_in(tmp_path, text)).warnings] == ["fleet.yaml:3:30"]


def test_a_wave_that_finds_none_and_members_that_no_wave_reaches_are_warned_of(tmp_path: Path) -> None:
    text = "members: ${csv:clients.csv}\nstack: clinics\nwaves: [{members: [acne]}, {share: 40%}]\n"
    fleet = load_fleet(fleet_in(tmp_path, text))
    assert [(each.summary, each.detail) for each in fleet.warnings] == [
        ("Wave without members", "No member has a name or tag that matches acne. Did you mean acme?"),
        ("Members in no wave", "The waves do not reach 1 member. End with share: 100%."),
    ]


def test_a_folder_without_a_fleet_says_so(tmp_path: Path) -> None:
    assert problems(tmp_path) == ["None No fleet here"]
