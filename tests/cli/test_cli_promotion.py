"""What a plan says that may not be applied because another environment comes first."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from .helpers import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .helpers import Result


def test_what_to_apply_first_stands_before_the_way_around_it(live: Callable[..., Result], stack: Path) -> None:
    write(stack, {"environments/staging.yaml": "", "environments/production.yaml": "require: {applied_in: staging}\n"})
    command = f"hmsplan -C {stack} -e staging apply"
    for form in ("text", "markdown", "html"):
        refused = live("-e", "production", "plan", "--format", form)
        assert refused.code == 4
        lines = [
            line.strip() for line in refused.out.replace("<pre><code>", "\n").replace("</code>", "\n").splitlines()
        ]
        assert command in lines
        assert lines.index(command) < next(i for i, line in enumerate(lines) if "--allow unproven:" in line)
    assert live("-e", "staging", "apply", "-y").code == 0
    assert command not in live("-e", "production", "plan").out


def test_what_another_environment_lacks_is_refused_before_a_moment_is_waited_for(
    live: Callable[..., Result], stack: Path
) -> None:
    write(stack, {"environments/staging.yaml": "", "environments/production.yaml": "require: {applied_in: staging}\n"})
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)).isoformat(timespec="seconds")
    refused = live("-e", "production", "apply", "-y", "--at", soon)
    assert (refused.code, "Waiting until" in refused.err) == (4, False), refused
