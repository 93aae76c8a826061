"""Texts that mean something to a terminal, to Markdown, HTML, XML, a workflow, Mermaid or Graphviz."""

from __future__ import annotations

from typing import Final

HOSTILE: Final = (
    "\x1b]0;owned\x07\x1b[2J \x9b31m \x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "a\u202egnp.exe \u2066x\u2069 \u200b\u00ad \U000e0041 \ufeff",
    "עברית שלום العربية",
    "::error::x\n::set-output name=a::b\r\n::stop-commands::t\n##[add-mask]x %0A::add-mask::y",
    "</details></summary></code></pre></script></style><img src=x onerror=alert(1)>",
    "<script>alert(1)</script> <a href='https://evil.example'>x</a> <!-- c --> <![CDATA[x]]> &lt;b&gt; &#60;b&#62;",
    "[x](https://evil.example) ![x](https://evil.example/p.png) <https://evil.example> [y]: https://evil.example",
    "https://evil.example www.evil.example mail@evil.example @team #12 GH-12 org/repo#1 :tada: :100: " + "ab12" * 10,
    "` `` ``` ~~~ | | --- | \\| $x$ $$y$$ **b** __c__ *d* _e_ ~~f~~ [^1] - [ ] x",
    "# h\n\n---\n\n1. x\n\n> q\n\n    code\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    '"];n9-->n0;click n0 call alert();subgraph x["',
    '\\" ]; evil [label="x"] /* */ // \\N \\l',
    "- bullet",
    "+ plus",
    "1. one",
    "    four spaces",
    "tab\there",
    "\ud800 lone \ufffe \uffff",
    "",
    "`" * 150,
)
