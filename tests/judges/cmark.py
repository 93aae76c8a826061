"""Runs in the judges' own Python: Markdown as GitHub's own parser, cmark-gfm, makes HTML of it."""

import json
import sys

import cmarkgfm  # type: ignore[import-not-found]
from cmarkgfm.cmark import Options  # type: ignore[import-not-found]

texts = json.load(sys.stdin)
flags = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_GITHUB_PRE_LANG
json.dump([cmarkgfm.github_flavored_markdown_to_html(text, flags) for text in texts], sys.stdout)
