"""Rows of a CSV file that go away, with every other byte as it is. Pure."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from hmsplan.config.csv_table import Rows
from hmsplan.config.leads import PHONE
from hmsplan.export.edit.splices import CannotEdit, Splice

if TYPE_CHECKING:
    from collections.abc import Collection


def without_rows(text: str, lines: Collection[int]) -> list[Splice]:
    """Return what to replace so that the rows are gone which begin on one of *lines*, from 1.

    Raises:
        CannotEdit: there is no such row.
    """
    written = list(io.StringIO(text, newline=""))
    offsets = [0]
    for line in written:
        offsets.append(offsets[-1] + len(line))
    delimiter = Rows.read(text, "", PHONE).delimiter
    rows, begin, found = csv.reader(written, strict=True, delimiter=delimiter), 1, []
    for _ in rows:
        if begin in lines:
            found.append(Splice(offsets[begin - 1], offsets[rows.line_num], ""))
        begin = rows.line_num + 1
    if len(found) != len(set(lines)):
        raise CannotEdit("the rows are not found in the file any more")
    return found
