"""``hmsplan policy``: the policies of the stack, by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson

from hmsplan.cli.parsing import Command, Group
from hmsplan.cli.terminal import out
from hmsplan.errors import HmsplanError
from hmsplan.operations.policies import run_tests
from hmsplan.operations.policy_files import FOLDER, read_policies
from hmsplan.text.escape import plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.operations.rego import Result


@click.group("policy", cls=Group)
def policy_command() -> None:
    """Test the policies of the stack: policies/*.rego, which judge every plan.

    Needs the extra: pip install 'hmsplan[policies]'
    """


@policy_command.command("test", cls=Command)
@click.pass_obj
def test(options: Globals) -> int:
    """Run the tests of the policies: the rules test_… in policies/*_test.rego. Offline, without a key.

    Exits 1 when one fails.
    """
    policies = read_policies(options.directory)
    if not policies.files:
        detail = f"there is no {FOLDER}/*.rego in the folder of the stack"
        raise HmsplanError(detail, summary="No policies")
    results = run_tests(policies)
    if options.json:
        tests = [
            {"file": each.file, "line": each.line, "name": each.rule, "passed": each.holds, "error": each.error}
            for each in results
        ]
        out(orjson.dumps({"format_version": "1.0", "tests": tests}).decode())
    else:
        out("\n".join(_table(results)))
    return 0 if all(each.holds for each in results) else HmsplanError.exit_code


def _table(results: Sequence[Result]) -> Iterator[str]:
    rows = [(f"{plain(each.file)}:{each.line}", plain(each.rule), _said(each)) for each in results]
    places, names = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    yield from (f"{place:<{places}}  {name:<{names}}  {said}" for place, name, said in rows)
    failed = sum(not each.holds for each in results)
    yield f"{count(len(results), 'test')}, {failed} failed." if results else f"No tests. Write {FOLDER}/*_test.rego"


def _said(result: Result) -> str:
    return "passed" if result.holds else f"FAILED  {plain(result.error)}".rstrip()
