"""Write the OpenAPI description as the JSON that hmsplan and its emulator read: ``openapi_json.py OPENAPI.YAML``.

JSON, because reading it takes milliseconds where YAML takes a third of a second.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml

TARGET = Path(__file__).resolve().parents[1] / "hmsplan" / "openapi" / "openapi.json"

if __name__ == "__main__":
    document = yaml.safe_load(Path(sys.argv[1]).read_bytes())
    TARGET.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
