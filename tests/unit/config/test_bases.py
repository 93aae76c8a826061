"""``bases`` and ``extends``: partial resources that lie between the defaults and the resource."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.writing import STACK, load, summaries

from hmsplan.model import Address, Lifecycle, Ref, Secret, Severity, SourceLine

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

SUPPORT = Address("assistants", "support")


def test_every_layer_wins_over_those_below_it(tmp_path: Path) -> None:
    """Defaults, first base, second base, resource, override; and each field is found where it is written."""
    fields = ["business_name", "first_message", "voicemail_message", "name", "webhook_url"]

    def layer(number: int) -> str:
        return json.dumps(dict.fromkeys(fields[number:], f"https://{number}.example"))

    stack = load(
        tmp_path,
        {
            "hmsplan.yaml": f"{STACK}defaults:\n  assistants: {layer(0)}\n"
            f"bases:\n  second: {layer(2)}\n  first: {layer(1)}\n",
            "a.yaml": "assistants:\n  support: " + json.dumps({"extends": ["first", "second"], **json.loads(layer(3))}),
            "environments/live.yaml": f"overrides:\n  assistants.support: {layer(4)}\n",
        },
        environment="live",
    )
    resource = stack.resources[SUPPORT]
    assert resource.spec == {name: f"https://{number}.example" for number, name in enumerate(fields)}
    assert resource.locate is not None
    assert [(at.file, at.line) for at in (resource.locate((name,)) for name in fields)] == [
        ("hmsplan.yaml", 4),
        ("hmsplan.yaml", 7),
        ("hmsplan.yaml", 6),
        ("a.yaml", 2),
        ("environments/live.yaml", 2),
    ]
    assert not stack.warnings


def blocks() -> SearchStrategy[dict[str, Any]]:
    """Values that merge, and values that replace, under few names, so that they meet."""
    names = st.sampled_from("abc")
    scalars: SearchStrategy[Any] = (
        st.none() | st.booleans() | st.integers(0, 9) | st.just([]) | st.lists(st.integers(0, 9), max_size=2)
    )
    return st.dictionaries(names, st.recursive(scalars, lambda below: st.dictionaries(names, below), max_leaves=6))


def laid(layers: list[Any]) -> Any:
    """Say what layers, the strongest first, come to: the first, and of blocks on top of each other each key again."""
    over = list(takewhile(lambda each: isinstance(each, dict), layers))
    if not over:
        return layers[0]
    return {key: laid([each[key] for each in over if key in each]) for each in over for key in each}


@settings(max_examples=100, deadline=None)
@given(written=st.lists(blocks(), min_size=5, max_size=5), order=st.permutations(["one", "two", "three"]))
def test_layers_lie_on_one_another_in_the_order_of_extends(
    tmp_path_factory: Any, written: list[dict[str, Any]], order: list[str]
) -> None:
    """Whatever they hold: blocks are merged, lists are replaced, null clears."""
    defaults, *of_bases, own = written
    bases = dict(zip(("one", "two", "three"), of_bases, strict=True))
    extra = {"extra": {"knob": own}}
    stack = load(
        tmp_path_factory.mktemp("stack"),
        {
            "hmsplan.yaml": json.dumps(
                {
                    "version": 1,
                    "stack": "acme",
                    "defaults": {"assistants": {"extra": {"knob": defaults}}},
                    "bases": {name: {"extra": {"knob": block}} for name, block in bases.items()},
                }
            ),
            "a.yaml": json.dumps({"assistants": {"support": {"name": "Support", "extends": order, **extra}}}),
        },
    )
    expected = laid([own, *(bases[name] for name in reversed(order)), defaults])
    assert stack.resources[SUPPORT].spec == {"name": "Support", "knob": expected}


def test_a_base_may_hold_whatever_a_resource_may(tmp_path: Path) -> None:
    """Variables, files, secrets, references, templates and lifecycle; its own name goes nowhere."""
    stack = load(
        tmp_path,
        {
            "hmsplan.yaml": STACK
            + """\
variables: {business: {default: Acme}}
bases:
  desk:
    first_message: Hallo, ${var:business}.
    webhook_url: https://acme.example/hook
    webhook_secret: ${secret:webhook}
    voicemail_message: ${file:voicemail.md}
    analysis_plan: ${analysis_templates.outcome}
    lifecycle: {prevent_destroy: true}
  wired: {agent_id: "${assistants.support}"}
""",
            "voicemail.md": "We call back.",
            "a.yaml": """
                assistants:
                  support: {extends: desk, name: Support, lifecycle: {ignore_changes: [is_active]}}
                analysis_templates:
                  outcome: {name: Outcome, system_prompt: a, user_prompt: b, schema: {type: object}}
                numbers:
                  main: {extends: wired, phone_number: "+31850835037"}
                """,
        },
        environ={"HMSPLAN_SECRET_WEBHOOK": "s3cret"},
        need_secrets=True,
    )
    support = stack.resources[SUPPORT]
    assert "extends" not in support.spec
    assert support.spec["first_message"] == "Hallo, Acme."
    assert support.spec["voicemail_message"] == "We call back."
    assert isinstance(support.spec["webhook_secret"], Secret)
    assert support.via == ((("analysis_plan",), Address("analysis_templates", "outcome")),)
    assert support.lifecycle == Lifecycle(prevent_destroy=True, ignore_changes=(("is_active",),))
    assert support.locate is not None
    assert support.locate(("voicemail_message",), 1) == SourceLine("voicemail.md", 1)
    assert support.locate(("webhook_url",)) == SourceLine("hmsplan.yaml", 7, 18)
    assert stack.resources[Address("numbers", "main")].spec["agent_id"] == Ref(SUPPORT)
    assert not stack.warnings


def test_a_base_that_nothing_extends_is_told_and_no_error(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "bases:\n  loud: {gdpr_mode: true}\n  quiet: {gdpr_mode: false}\n",
        "a.yaml": "assistants:\n  support: {extends: quiet, name: Support}\n",
    }
    (warning,) = load(tmp_path, files).warnings
    assert (warning.summary, warning.severity) == ("Unused base", Severity.WARNING)
    assert warning.source == SourceLine("hmsplan.yaml", 4, 3)
    assert "loud" in warning.detail


def test_a_base_of_an_excluded_resource_is_used(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "bases: {quiet: {gdpr_mode: false}}\n",
        "a.yaml": "assistants:\n  support: {extends: quiet, name: Support}\n",
        "environments/live.yaml": "exclude: [assistants.support]\n",
    }
    assert not load(tmp_path, files, environment="live").warnings


def test_what_is_not_usable_is_told_alone(tmp_path: Path) -> None:
    """A resource without its base is not also told to lack the fields of it, nor are those who refer to it."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "bases: {named: {name: Support}}\n",
        "a.yaml": "assistants:\n  support: {extends: namd}\n"
        'numbers:\n  main: {phone_number: "+31850835037", agent_id: "${assistants.support}"}\n',
    }
    assert summaries(tmp_path, files) == ["Unknown base"]


def test_extends_is_no_field_of_the_object(tmp_path: Path) -> None:
    """It cannot be copied, ignored, or written by another layer."""
    head = STACK + "bases: {quiet: {gdpr_mode: false}}\n"
    own = "assistants:\n  support: {extends: quiet, name: Support"
    copied = own + ', first_message: "${assistants.support.extends}"}\n'
    assert summaries(tmp_path, {"hmsplan.yaml": head, "a.yaml": copied}) == ["Field not declared"]
    ignored = own + ", lifecycle: {ignore_changes: [extends]}}\n"
    assert summaries(tmp_path, {"hmsplan.yaml": head, "a.yaml": ignored}) == ["Unknown field"]


def test_a_thousand_resources_share_what_a_base_holds(tmp_path: Path) -> None:
    """The same values, not copies of them; and a mistake in them is told once."""
    many = "".join(f"  a{n}: {{extends: desk, name: A{n}}}\n" for n in range(1000))
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "bases: {desk: {stt_config: {provider: deepgram, model: nova-3}}}\n",
        "a.yaml": f"assistants:\n{many}",
    }
    blocks = {id(each.spec["stt_config"]) for each in load(tmp_path, files).resources.values()}
    assert len(blocks) == 1
    files["hmsplan.yaml"] = STACK + "bases: {desk: {stt_config: {provider: deepgram, model: 3}}}\n"
    assert len(summaries(tmp_path, files)) == 1
