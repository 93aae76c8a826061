"""The content of a resource: the same in all environments, and another one whenever anything of it is another."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies import stacks
from support.writing import STACK, write

from hmsplan.config.load import load_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmsplan.model import Address, Stack

SAID = {"staging": "variables: {who: Test}\n", "production": "variables: {who: Acme}\n"}
BOUNDED = settings(max_examples=40, deadline=None)


def loaded(root: Path, resources: dict[str, Any], environment: str, said: str) -> Stack:
    """Load what is declared, with a variable in each name of an assistant."""
    resources = copy.deepcopy(resources)
    for fields in resources.get("assistants", {}).values():
        fields["name"] = f"{fields['name']} of ${{var:who}}"
    write(
        root,
        {
            "hmsplan.yaml": STACK + "variables: {who: {default: Somebody}}\n",
            "r.yaml": json.dumps(resources, ensure_ascii=False),
            f"environments/{environment}.yaml": said,
        },
    )
    return load_stack(root, environment=environment)


def contents(stack: Stack) -> dict[Address, str | None]:
    return {address: stack.content_of(address) for address in stack.resources}


@BOUNDED
@given(resources=stacks(), data=st.data())
def test_environments_that_differ_in_variables_and_overrides_have_the_same_content(
    folders: Iterator[Path], resources: dict[str, Any], data: st.DataObject
) -> None:
    root, found = next(folders), []
    for environment, said in SAID.items():
        names = sorted(resources.get("assistants", {}))
        chosen = data.draw(st.sets(st.sampled_from(names))) if names else ()
        overrides = {f"assistants.{name}": {"first_message": environment} for name in chosen}
        found.append(contents(loaded(root, resources, environment, f"{said}overrides: {json.dumps(overrides)}\n")))
    assert found[0] == found[1]
    assert None not in found[0].values()


@BOUNDED
@given(resources=stacks(), data=st.data())
def test_whatever_is_declared_otherwise_is_another_content_of_that_resource_alone(
    folders: Iterator[Path], resources: dict[str, Any], data: st.DataObject
) -> None:
    root = next(folders)
    before = contents(loaded(root, resources, "staging", SAID["staging"]))
    if not before:
        return
    address = data.draw(st.sampled_from(sorted(before)))
    fields = resources[address.kind][address.key]
    if fields.get("lifecycle"):
        del fields["lifecycle"]
    else:
        fields["lifecycle"] = {"prevent_destroy": True}
    after = contents(loaded(root, resources, "staging", SAID["staging"]))
    assert {each for each in before if before[each] != after[each]} == {address}
