# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The style of the HTML report: light, dark, narrow and on paper. PRIVATE to the collection."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --ink: #1a2230; --soft: #535e6d; --line: #dde1e7; --edge: #7d8795; --link: #1a56b0;
  --ok: #13693f; --ok-soft: #e3f3ea; --bad: #a3201d; --bad-soft: #fcebea; --open: #7a4f00; --open-soft: #fbf1d9;
  --new: #1a56b0; --new-soft: #e6effb; --bar: #4f8fc9; --bar-near: #9c7210; --bar-soon: #c2410c; --bar-gone: #a3201d;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #10141a; --card: #181e27; --ink: #e7ebf1; --soft: #a5b0be; --line: #2b3441; --edge: #76828f; --link: #8cb8fa;
    --ok: #7ed6a3; --ok-soft: #15301f; --bad: #ff9f99; --bad-soft: #3b1b1c; --open: #f0c674; --open-soft: #33290f;
    --new: #8cb8fa; --new-soft: #172a45; --bar: #5b9bd5; --bar-near: #d3a740; --bar-soon: #f2854d; --bar-gone: #ff8a84;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto; max-width: 84rem; padding: 2rem clamp(1rem, 4vw, 3rem) 4rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
h1, h2, h3, p, ul, ol, dl, dd { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1rem; font-weight: 600; }
h2 { font-size: 1.375rem; line-height: 1.25; letter-spacing: -.01em; }
h3 { font-size: 1rem; }
b { font-weight: 600; }
a { color: var(--link); }
code { font: .875em/1.4 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
time { white-space: nowrap; }
td, th, li, dd, dt, h1, h2, h3, summary { unicode-bidi: isolate; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
[hidden] { display: none !important; }
.symbols { position: absolute; }
.sub { display: block; color: var(--soft); font-size: .8125rem; font-weight: 400; line-height: 1.45; }
.quiet { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -99rem; padding: .5rem 1rem; background: var(--card); }
.skip:focus { left: 1rem; top: 1rem; z-index: 2; }
.lead { color: var(--soft); max-width: 46rem; margin-top: .25rem; }
section { margin-top: 3.5rem; }
section > h2 ~ * { margin-top: 1rem; }
section > h2 + .lead { margin-top: .25rem; }

.icon { width: 1em; height: 1em; flex: none; fill: currentColor; vertical-align: -.125em; overflow: visible; }
.cut { fill: none; stroke: var(--card); stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }
.line { fill: none; stroke: currentColor; stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }
.chip {
  display: inline-flex; gap: .375rem; align-items: center; padding: .125rem .625rem .125rem .5rem; border-radius: 1rem;
  font-size: .8125rem; font-weight: 600; white-space: nowrap; color: var(--soft); background: var(--page);
}
.ok { color: var(--ok); } .violated { color: var(--bad); } .unknown { color: var(--open); } .changed { color: var(--new); }
.chip.ok { background: var(--ok-soft); } .chip.violated { background: var(--bad-soft); } .chip.unknown { background: var(--open-soft); }
.chip.changed { background: var(--new-soft); }

.verdict { display: flex; gap: 1.25rem; align-items: flex-start; padding: 1.75rem 2rem; border-radius: 16px; background: var(--ok-soft); }
.verdict.violated { background: var(--bad-soft); }
.verdict > .icon { width: 3.25rem; height: 3.25rem; margin-top: .2rem; }
.verdict h1, .verdict .seen { color: var(--ink); }
.verdict .seen { font-size: .875rem; margin-top: .375rem; }
.big { font-size: clamp(1.5rem, 1.1rem + 2vw, 2.25rem); line-height: 1.2; font-weight: 650; letter-spacing: -.02em; text-wrap: balance; }
.tiles {
  display: grid; grid-template-columns: repeat(4, minmax(6rem, 1fr)) minmax(12rem, 2fr) minmax(7rem, 1fr); gap: 1rem; margin-top: 1rem;
}
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .875rem 1.125rem; }
.tile dt { display: flex; gap: .375rem; align-items: center; font-size: .8125rem; color: var(--soft); }
.tile dd { font-size: 1.625rem; line-height: 1.3; font-weight: 600; letter-spacing: -.01em; color: var(--ink); }
.tile .sub { letter-spacing: 0; }
.tile.ok dt .icon { color: var(--ok); }
.tile.violated dd, .tile.violated dt .icon, .tile.expired dd, .tile.soon dd { color: var(--bad); }
.tile.unknown dd, .tile.unknown dt .icon, .tile.near dd { color: var(--open); }
.tile .sub, .tile.expired .sub, .tile.soon .sub { color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin-top: 1.5rem; font-size: .9375rem; }
nav a { display: inline-block; padding: .25rem 0; }

.jobs { display: grid; gap: 1rem; }
.job {
  background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: 12px; padding: 1rem 1.25rem;
}
.job h3 { display: flex; gap: .5rem; align-items: center; color: var(--bad); }
.job p { margin-top: .25rem; max-width: 60rem; }
.job ul { margin-top: .625rem; display: grid; gap: .25rem; font-size: .9375rem; }
.job li { padding-left: .875rem; border-left: 2px solid var(--line); }

#controls { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: end; }
#controls label, legend { font-size: .8125rem; color: var(--soft); padding: 0; }
.field { flex: 1 1 18rem; max-width: 30rem; }
.field label { display: block; margin-bottom: .25rem; }
input[type=search] {
  width: 100%; height: 2.625rem; padding: 0 .875rem; font: inherit; color: var(--ink); background: var(--card);
  border: 1px solid var(--edge); border-radius: 8px;
}
input::placeholder { color: var(--soft); opacity: 1; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
legend { margin-bottom: .25rem; }
.choices { display: flex; flex-wrap: wrap; border: 1px solid var(--edge); border-radius: 8px; overflow: clip; background: var(--card); }
.choice { position: relative; display: flex; }
.choice + .choice { border-left: 1px solid var(--line); }
.choice input { position: absolute; inset: 0; opacity: 0; margin: 0; width: 100%; height: 100%; cursor: pointer; }
.choice span {
  display: flex; gap: .375rem; align-items: center; min-height: 2.5rem; padding: 0 .875rem; font-size: .9375rem; color: var(--ink);
}
.choice b { color: var(--soft); }
.choice input:checked + span { background: var(--ink); color: var(--card); box-shadow: inset 0 0 0 1px var(--ink); }
.choice input:checked + span b { color: inherit; }
.choice input:focus-visible + span { outline: 3px solid var(--link); outline-offset: -3px; }
#count { font-size: .875rem; color: var(--soft); }
section > #count { margin-top: .75rem; }

.frame { background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: clip; }
section > .frame { margin-top: .5rem !important; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
thead th {
  text-align: left; font-size: .8125rem; font-weight: 600; color: var(--soft); padding: .625rem 1rem; white-space: nowrap;
  border-bottom: 1px solid var(--line);
}
thead button {
  font: inherit; color: inherit; background: none; border: 0; padding: .25rem 0; margin: -.25rem 0; cursor: pointer; white-space: nowrap;
}
thead button::after { content: "\\2195"; display: inline-block; width: 1em; margin-left: .25rem; text-align: center; opacity: .6; }
th[aria-sort=ascending] button::after { content: "\\2191"; opacity: 1; }
th[aria-sort=descending] button::after { content: "\\2193"; opacity: 1; }
th[aria-sort] button, thead button:hover { color: var(--ink); }
tbody th, td { text-align: left; vertical-align: top; font-weight: 400; padding: .75rem 1rem; font-size: .9375rem; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody tr:hover > * { background: color-mix(in srgb, var(--page) 55%, transparent); }
.endpoints th:nth-child(1) { width: 8.5rem; } .endpoints th:nth-child(2) { width: 21%; } .endpoints th:nth-child(3) { width: 18%; }
.endpoints th:nth-child(4) { width: 8rem; } .endpoints th:nth-child(5) { width: 13.5%; }
.rollout th:nth-child(1) { width: 24%; } .rollout th:nth-child(2) { width: 12.5rem; }
.left { font-weight: 600; }
.left.expired, .left.soon { color: var(--bad); } .left.near { color: var(--open); } .left.far { font-weight: 400; }
.fine { color: var(--soft); }
.findings { display: grid; gap: .5rem; }
.findings li { color: var(--ink); padding-left: .75rem; border-left: 3px solid var(--bad); }
.findings li.unknown { border-left: 3px dashed var(--open); }
.findings b { color: var(--bad); } .findings .unknown b { color: var(--open); }
summary { cursor: pointer; color: var(--link); font-size: .8125rem; padding: .25rem 0; width: fit-content; }
details dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .25rem 0 .5rem; font-size: .8125rem; }
details dt { color: var(--soft); }

.axis, .lane { display: grid; grid-template-columns: minmax(10rem, 20rem) 1fr 10.5rem; gap: 0 1.25rem; }
.axis svg { grid-column: 2; overflow: visible; font-size: .75rem; fill: var(--soft); }
.axis .mark { text-anchor: middle; }
section > .axis { margin-top: 1.25rem; }
section > .lanes { margin-top: 0; }
.lane { align-items: center; padding: .625rem 0; border-top: 1px solid var(--line); }
.lane .who .sub code { font-size: 1em; }
.bar { display: block; overflow: visible; }
.bar line { stroke: var(--line); }
.bar rect { fill: var(--bar); }
.bar .near { fill: var(--bar-near); }
.bar .soon { fill: var(--bar-soon); }
.bar .expired { fill: var(--bar-gone); }
.beyond { fill: var(--card); text-anchor: end; font-weight: 700; }
.more { color: var(--soft); border-top: 1px solid var(--line); padding-top: .75rem; }
section > .more { margin-top: 0; }

.path { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem 1.5rem; }
.path h3 { margin-bottom: .875rem; }
.cards { display: flex; gap: 2.5rem; align-items: stretch; }
.card { position: relative; flex: 1 1 0; max-width: 19rem; border: 1px solid var(--edge); border-radius: 10px; padding: .625rem .875rem; }
.card.leaf { background: var(--new-soft); border-color: var(--new); }
.card.root { border: 2px solid var(--ok); background: var(--ok-soft); }
.card.end { border: 2px dashed var(--bad); background: var(--bad-soft); }
.card b { display: block; line-height: 1.35; }
.role { display: flex; gap: .375rem; align-items: center; font-size: .75rem; font-weight: 600; color: var(--soft); }
.root .role .icon { color: var(--ok); } .end .role .icon { color: var(--bad); }
.leaf .sub, .root .sub, .end .sub, .leaf .role, .root .role, .end .role { color: var(--ink); }
.card + .card::before {
  content: ""; position: absolute; right: 100%; top: 50%; width: 2.5rem; border-top: 2px solid var(--edge); margin-right: 1px;
}
.card + .card::after {
  content: ""; position: absolute; left: -.875rem; top: 50%; width: .5rem; height: .5rem; margin-top: -.25rem; transform: rotate(45deg);
  border-top: 2px solid var(--edge); border-right: 2px solid var(--edge);
}
.card.end::before { border-top-style: dashed; }
.path details { margin-top: .875rem; }
.labels { columns: 16rem; column-gap: 2rem; font-size: .875rem; color: var(--soft); margin-top: .25rem; }
.labels li { break-inside: avoid; }
footer { margin-top: 4rem; font-size: .8125rem; color: var(--soft); }

@media (max-width: 70rem) { .tiles { grid-template-columns: repeat(4, 1fr); } .tiles > :nth-child(5) { grid-column: span 3; } }
@media screen and (max-width: 52rem) {
  body { padding-top: 1rem; }
  .verdict { padding: 1.25rem; gap: 1rem; }
  .verdict > .icon { width: 2.25rem; height: 2.25rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: .625rem; }
  .tiles > :nth-child(n + 5) { grid-column: span 2; }
  section { margin-top: 2.5rem; }
  .choice { flex: 1 1 auto; }
  .choice span { padding: 0 .625rem; width: 100%; justify-content: center; }
  fieldset { flex: 1 1 100%; }
  table, tbody, tr, tbody th, td { display: block; width: auto !important; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { padding: .75rem 0; }
  tbody tr + tr { border-top: 1px solid var(--line); }
  tbody tr + tr > * { border-top: 0; }
  tbody th, td { display: grid; grid-template-columns: 7rem 1fr; gap: 0 .75rem; padding: .25rem 1rem; }
  tbody th::before, td::before {
    content: attr(data-title); grid-row: 1 / span 9; color: var(--soft); font-size: .8125rem; padding-top: .1rem;
  }
  tbody th > *, td > * { grid-column: 2; min-width: 0; justify-self: start; }
  details dl { grid-template-columns: 1fr; gap: 0; } details dd { margin-bottom: .375rem; }
  .axis, .lane { grid-template-columns: 1fr auto; gap: .25rem 1rem; }
  .axis svg, .bar { grid-column: 1 / -1; grid-row: 2; }
  .axis .date, .axis .mark:nth-of-type(4n) { display: none; }
  .when { text-align: right; }
  .path { padding: 1rem; }
  .cards { flex-direction: column; gap: 1.75rem; }
  .card { max-width: none; }
  .card + .card::before {
    right: auto; left: 1.5rem; top: auto; bottom: 100%; width: 0; height: 1.75rem; border-top: 0; border-left: 2px solid var(--edge);
  }
  .card.end::before { border-left-style: dashed; }
  .card + .card::after { left: calc(1.5rem - .25rem + 1px); top: -.75rem; transform: rotate(135deg); margin: 0; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media (forced-colors: active) { .chip, .card, .tile, .verdict { border: 1px solid; } .bar rect { fill: CanvasText; } }
@media print {
  @page { margin: 14mm; }
  html { font-size: 12px; }
  body { max-width: none; padding: 0; background: #fff; }
  #controls, nav, .skip, footer { display: none; }
  thead { display: table-header-group; }
  thead button { white-space: normal; text-align: left; } thead button::after { display: none; }
  section { margin-top: 2rem; }
  .verdict { padding: 1.25rem; }
  .tiles { grid-template-columns: repeat(4, 1fr) 2fr 1fr; gap: .5rem; } .tiles > :nth-child(5) { grid-column: auto; }
  .tile { padding: .5rem .75rem; } .tile dd { font-size: 1.25rem; }
  .frame { overflow: visible; border-radius: 0; border: 0; }
  tbody th, td { padding: .5rem .5rem; font-size: .875rem; } thead th { padding: .5rem; white-space: normal; }
  .endpoints th:nth-child(1) { width: 12%; } .endpoints th:nth-child(2), .endpoints th:nth-child(3) { width: 20%; }
  .endpoints th:nth-child(4) { width: 11%; } .endpoints th:nth-child(5) { width: 13%; }
  .rollout th:nth-child(2) { width: 20%; }
  .axis .date { display: none; }
  tr, .job, .lane, .path, .tile { break-inside: avoid; }
  h2, .lead, #count, .axis { break-after: avoid; } .lead { max-width: none; break-inside: avoid; }
  details:not([open]), summary { display: none; }
  .verdict, .chip, .bar, .card, .findings li { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
