"""The members of a campaign as a CSV file, or as YAML where CSV would change them. Pure."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.config.interpolation import escape
from hmsplan.config.leads import PHONE, from_csv
from hmsplan.config.yaml_writer import CannotWrite, block
from hmsplan.kinds import phone
from hmsplan.kinds.normalise import phone_number
from hmsplan.model import Severity, Unsendable
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.model import RemoteObject

VARIABLES: Final = "variables"

Lead = dict[str, Any]


class Leads(NamedTuple):
    """What is written of a list of leads.

    Attributes:
        value: the field ``leads``; None when there is nothing to declare.
        csv: content of the file that *value* names; None when it names none.
        notes: what could not be written.
    """

    value: Any
    csv: str | None
    notes: tuple[str, ...]


def written(members: Iterable[RemoteObject], path: str) -> Leads:
    """Return how the leads of a campaign are declared; *path* is where a CSV file would go."""
    leads: dict[Any, Lead] = {}
    refused = repeated = 0
    for member in members:
        lead = {PHONE: phone_number(member.fields.get(PHONE)), VARIABLES: member.fields.get(VARIABLES) or {}}
        if not _can_be_declared(lead):
            refused += 1
            continue
        mark = (lead[PHONE], *sorted(lead[VARIABLES].items()))
        repeated += mark in leads
        leads.setdefault(mark, lead)
    return _in_files(list(leads.values()), path, tuple(_notes(refused, repeated)))


def _notes(refused: int, repeated: int) -> Iterator[str]:
    if refused:
        why = "without a possible phone number in E.164, or with a variable that no file can hold"
        yield f"{count(refused, 'lead')} {why}"
    if repeated:
        yield f"{count(repeated, 'lead')} that the campaign holds twice; the repetition is left out"


def _in_files(leads: list[Lead], path: str, notes: tuple[str, ...]) -> Leads:
    if not leads:
        return Leads(None, None, notes)
    text = _as_csv(leads)
    if text is not None:
        return Leads(f"${{csv:{path}}}", text, notes)
    return Leads([_escaped(lead) for lead in leads], None, notes)


def _can_be_declared(lead: Lead) -> bool:
    number, variables = lead[PHONE], lead[VARIABLES]
    if not (isinstance(number, str) and not phone.why_not(number) and isinstance(variables, dict)):
        return False
    if not all(isinstance(value, str) and not isinstance(value, Unsendable) for value in variables.values()):
        return False
    try:
        block(_escaped(lead))
    except CannotWrite:
        return False
    return True


def _as_csv(leads: Sequence[Lead]) -> str | None:
    """Return the file, or None when reading it back would not give the same leads."""
    names = list(leads[0][VARIABLES])
    if any(lead[VARIABLES].keys() != leads[0][VARIABLES].keys() for lead in leads):
        return None
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([PHONE, *names])
    writer.writerows([lead[PHONE], *(lead[VARIABLES][name] for name in names)] for lead in leads)
    text = stream.getvalue()
    if re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", text):
        return None
    found, problems, _ = from_csv(text, "")
    refused = any(problem.severity is Severity.ERROR for problem in problems)
    return text if not refused and list(found) == list(leads) else None


def _escaped(lead: Lead) -> Lead:
    variables = {name: escape(value) for name, value in lead[VARIABLES].items()}
    return {PHONE: lead[PHONE], VARIABLES: variables} if variables else {PHONE: lead[PHONE]}
