"""The forms in which a secret may show."""

from __future__ import annotations

import html
import json

from hmsplan.secrets.encodings import disguises


def test_json_that_stands_in_a_page_is_among_them() -> None:
    """An error page may tell a whole request back, and under no name that says that it is a secret."""
    secret = 'Bearer "a&b"\\cé'
    for ascii_only in (True, False):
        page = html.escape(json.dumps({"X-Tenant": secret}, ensure_ascii=ascii_only))
        assert any(form in page for form in disguises(secret))
