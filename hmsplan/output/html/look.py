"""How the page looks, and the little that its script does. Pure."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;
--bg:#fbfbfa;--card:#fff;--ink:#1d2126;--soft:#5d6570;--line:#e3e5e8;--edge:#a4abb4;--focus:#2f6fd6;
--add:#1a6b36;--add-bg:#eaf6ee;--chg:#7d5200;--chg-bg:#fdf5e2;--del:#a8202b;--del-bg:#fcedee;--gone:#5d6570;
--gone-bg:#f0f1f3}
@media (prefers-color-scheme:dark){:root{
--bg:#14171b;--card:#1b1f24;--ink:#e4e7eb;--soft:#a0a8b3;--line:#2d333b;--edge:#66707c;--focus:#7db0ff;
--add:#7fd79a;--add-bg:#16291d;--chg:#e9bd6a;--chg-bg:#2c2414;--del:#ff9a9f;--del-bg:#331a1d;--gone:#a0a8b3;
--gone-bg:#252a31}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header,footer{max-width:62rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem}
h1{font-size:1.6rem;line-height:1.25;font-weight:650;letter-spacing:-.01em;margin:.15rem 0 .25rem;
overflow-wrap:anywhere}
h2{font-size:1rem;font-weight:650;margin:2.25rem 0 .75rem}
h2 small{font-weight:400;color:var(--soft);font-size:inherit;margin-left:.4rem}
p{margin:.25rem 0}
a{color:inherit;text-decoration-color:var(--edge);text-underline-offset:.2em}
a:hover{text-decoration-color:currentColor}
code,pre,.name{font-family:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;
font-size:.9em}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:4px}
.soft{color:var(--soft);overflow-wrap:anywhere}
.verdict{margin-top:.9rem}
.verdict b{font-weight:650}
.add{--tone:var(--add);--tint:var(--add-bg)}.chg{--tone:var(--chg);--tint:var(--chg-bg)}
.del{--tone:var(--del);--tint:var(--del-bg)}.gone{--tone:var(--gone);--tint:var(--gone-bg)}
.alert{--tone:var(--del);--tint:var(--del-bg)}
.ask{border:1px solid var(--del);border-left-width:5px;border-radius:8px;background:var(--card);padding:.9rem 1.1rem;
margin:1.5rem 0 0}
.ask h2{margin:0 0 .5rem;color:var(--del)}
.ask ul{list-style:none;margin:0;padding:0}
.ask li+li{margin-top:.35rem}
.ask pre{margin:.7rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--gone-bg);border-radius:6px;
padding:.45rem .7rem}
table{border-collapse:collapse;width:100%;margin-top:1.25rem;font-size:.95rem}
caption{text-align:left;font-weight:650;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-top:1px solid var(--line)}
tr>:first-child{padding-left:0}
th[scope=row]{font-weight:500;white-space:nowrap}
td:nth-child(2){text-align:right;font-variant-numeric:tabular-nums}
td:last-child{overflow-wrap:anywhere;width:100%}
.mark{display:inline-block;min-width:1.7em;padding:0 .3em;border-radius:4px;text-align:center;
background:var(--tint,var(--gone-bg));
color:var(--tone,var(--gone));font:600 .85em/1.6 ui-monospace,Menlo,Consolas,monospace}
figure{margin:0;border:1px solid var(--line);border-radius:10px;background:var(--card)}
.wide{overflow:auto}
figure svg{display:block;margin:0 auto;max-width:none}
figcaption{padding:.5rem .9rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem}
.node rect{fill:var(--card);stroke:var(--edge)}
.node.add rect,.node.chg rect,.node.del rect,.node.gone rect{fill:var(--tint);stroke:var(--tone);stroke-width:1.5}
.node text{fill:var(--ink);font:500 12px ui-monospace,Menlo,Consolas,monospace}
.node .second{fill:var(--soft);font:11.5px system-ui,sans-serif}
.edge{fill:none;stroke:var(--edge);stroke-width:1.3}
.edge.pasted{stroke-dasharray:4 4}
.tip{fill:var(--edge)}
.find{display:flex;gap:.6rem;align-items:center;margin:2rem 0 0}
.find[hidden]{display:none}
.find input{flex:1;min-width:0;font:inherit;color:inherit;background:var(--card);border:1px solid var(--edge);
border-radius:8px;padding:.45rem .8rem}
.find button{font:inherit;color:inherit;background:none;border:1px solid var(--edge);border-radius:8px;
padding:.45rem .8rem;cursor:pointer;white-space:nowrap}
.item{border:1px solid var(--line);border-radius:10px;background:var(--card);margin:.6rem 0;scroll-margin-top:1rem}
.item[open]{border-color:var(--edge)}
.item summary{cursor:pointer;position:relative;padding:.6rem 2rem .6rem .9rem;border-radius:10px;list-style:none;
display:flex;gap:.3rem .6rem;
align-items:baseline;flex-wrap:wrap}
.item summary::-webkit-details-marker{display:none}
.item summary::after{content:"\\203a";position:absolute;right:.9rem;top:.6rem;color:var(--soft)}
.item[open] summary::after{transform:rotate(90deg)}
.item summary:hover{background:var(--gone-bg)}
.name{font-weight:600;overflow-wrap:anywhere;min-width:0}
.lines{margin:0;padding:.35rem 0 .7rem;border-top:1px solid var(--line);white-space:normal;line-height:1.6;
font-size:.84rem}
.r{display:flex;padding:0 .9rem 0 .3rem;white-space:pre-wrap}
.r>i{flex:none;width:2.6em;text-align:center;font-style:normal;font-weight:700;color:var(--tone,var(--soft))}
.r>span{min-width:0;min-height:1.6em;overflow-wrap:anywhere}
.r.add,.r.del,.r.chg{background:var(--tint)}
.r.note,.r.quiet{color:var(--soft)}
.r.alert{color:var(--del);font-weight:600}
.bar{border-left:2px solid var(--tone,var(--edge));padding-left:.7em;unicode-bidi:plaintext}
.r del{color:var(--del);background:var(--del-bg);border-radius:3px;padding:0 .1em}
.r ins{color:var(--add);background:var(--add-bg);border-radius:3px;padding:0 .1em;text-underline-offset:.2em}
.r.chg:has(.bar){background:none}
.d1{margin-left:1.6em}.d2{margin-left:3.2em}.d3{margin-left:4.8em}.d4{margin-left:6.4em}.d5{margin-left:8em}.d6{margin-left:9.6em}
footer{margin-top:3rem;padding-bottom:3rem;color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
.plainlist{margin:0;padding-left:1.2rem;overflow-wrap:anywhere}
@media (max-width:560px){
body{font-size:16px}main,header,footer{padding-left:.9rem;padding-right:.9rem}header{padding-top:1.4rem}
h1{font-size:1.35rem}.r{padding-right:.6rem}.r>i{width:1.9em}
.d1{margin-left:.7em}.d2{margin-left:1.4em}.d3{margin-left:2.1em}.d4{margin-left:2.8em}.d5{margin-left:3.5em}.d6{margin-left:4.2em}
th,td{padding:.4rem .35rem}}
@media print{.find{display:none}.item{break-inside:avoid}}
"""

SCRIPT: Final = """
'use strict';
const items = [...document.querySelectorAll('.item')];
const bar = document.querySelector('.find');
const reveal = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener('hashchange', reveal);
reveal();
if (bar) {
  bar.hidden = false;
  const field = bar.querySelector('input');
  const button = bar.querySelector('button');
  const told = bar.querySelector('output');
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let found = 0;
    for (const item of items) {
      const text = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) found += 1;
    }
    for (const section of document.querySelectorAll('section.group')) {
      section.hidden = !section.querySelector('.item:not([hidden])');
    }
    told.textContent = words.length ? `${found} of ${items.length}` : '';
  });
  button.addEventListener('click', () => {
    const open = items.some((item) => !item.open);
    for (const item of items) item.open = open;
    button.textContent = open ? 'Close all' : 'Open all';
  });
}
"""

SCRIPT_HASH: Final = "sha256-" + b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src '{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'"
)
"""The page may ask for nothing, and run nothing but ``SCRIPT``."""
