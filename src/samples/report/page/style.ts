/** The page's style sheet: its hash is in the page's policy, so there is no other style. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfbfa; --card: #ffffff; --ink: #1f2328; --soft: #5b636d; --line: #e3e5e8; --shade: #f2f3f4;
  --accent: #3d5a99; --warn: #8a4b08; --warn-ground: #fdf4e7;
  --positive: #0b7a6b; --positive-ground: #e8f5f2; --hard: #c2570c; --random: #6b7a90; --plain: #4a68ad;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15181c; --card: #1c2025; --ink: #e4e7eb; --soft: #a0a8b3; --line: #31373e; --shade: #242930;
    --accent: #9db7ee; --warn: #f0b673; --warn-ground: #2e2519;
    --positive: #4cc5b0; --positive-ground: #16302c; --hard: #f0965a; --random: #93a1b5; --plain: #8aa6e6;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.25rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .35rem; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; margin: 3rem 0 .4rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
h4 { font-size: .82rem; margin: 0 0 .3rem; color: var(--soft); font-weight: 600; }
p { margin: .3rem 0 .8rem; max-width: 48rem; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.lead, figcaption p, .note, footer { color: var(--soft); }
.note, figcaption p { font-size: .9rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; padding: 0; margin: 1.1rem 0 0; font-size: .92rem; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem .9rem; }
.tiles b { display: block; font-size: 1.45rem; line-height: 1.2; font-weight: 600; }
.tiles span { display: block; font-size: .85rem; line-height: 1.35; margin-top: .15rem; color: var(--soft); }
.warning { background: var(--warn-ground); border-left: 3px solid var(--warn); border-radius: .25rem; padding: .6rem .9rem; margin: 1.2rem 0 0; }
.warning ul { margin: .2rem 0; padding-left: 1.2rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 0 2rem; margin: .6rem 0 1rem; }
.facts div { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; border-bottom: 1px solid var(--line); padding: .32rem 0; }
.facts dt { color: var(--soft); flex: 0 1 auto; min-width: 6rem; }
.facts dd { margin: 0; text-align: right; min-width: 0; }
code, .mono { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.scroll { overflow-x: auto; margin: .6rem 0 1.2rem; }
table { border-collapse: collapse; font-size: .9rem; min-width: min(100%, 34rem); }
caption { text-align: left; color: var(--soft); font-size: .85rem; padding-bottom: .3rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: normal; }
td { overflow-wrap: break-word; max-width: 40rem; }
td code { overflow-wrap: anywhere; }
th:first-child, td:first-child { padding-left: 0; }
th { font-weight: 600; color: var(--soft); font-size: .82rem; }
.n { text-align: right; white-space: nowrap; }
.bar { display: block; width: 8rem; height: .5rem; margin-top: .45rem; }
.bar rect { fill: var(--plain); }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1rem; margin: 1rem 0; align-items: start; }
figure { margin: 0; min-width: 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; }
figure h3 { margin: 0; }
figcaption p { margin: .1rem 0 .3rem; }
.plot { display: block; width: 100%; max-width: 34rem; height: auto; font-family: inherit; font-size: 10.5px; color: var(--ink); }
.plot text { white-space: pre; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; padding: 0; margin: .2rem 0 .4rem; font-size: .85rem; }
.legend li::before { content: ""; display: inline-block; width: .7rem; height: .7rem; border-radius: .15rem; margin-right: .4rem; background: var(--plain); }
.legend .is--positive::before { background: var(--positive); }
.legend .is--hard::before { background: var(--hard); }
.legend .is--random::before { background: var(--random); }
summary { cursor: pointer; }
.numbers > summary { font-size: .85rem; color: var(--soft); }
.case, .sample { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; margin: .75rem 0; padding: .9rem 1rem; }
.case > .why { font-size: .85rem; color: var(--warn); font-weight: 600; margin: 0 0 .3rem; }
.question { font-weight: 600; margin: 0 0 .3rem; max-width: none; }
.answer { margin: 0 0 .5rem; max-width: none; }
.label { color: var(--soft); font-size: .82rem; font-weight: 600; margin-right: .4rem; }
.docs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: .75rem; }
.doc { min-width: 0; border: 1px solid var(--line); border-top: 3px solid var(--hard); border-radius: .4rem; padding: .6rem .75rem; font-size: .92rem; background: var(--ground); overflow: hidden; }
.doc.positive { border-top-color: var(--positive); background: var(--positive-ground); }
.doc.random { border-top-color: var(--random); }
.doc .role { font-weight: 600; color: var(--hard); }
.doc.positive .role { color: var(--positive); }
.doc.random .role { color: var(--random); }
.doc header { padding: 0; margin: 0 0 .4rem; font-size: .82rem; color: var(--soft); max-width: none; }
.doc header span { margin-right: .7rem; display: inline-block; }
.doc p { margin: 0; max-width: none; }
.text { white-space: pre-wrap; unicode-bidi: isolate; }
.cut { color: var(--warn); font-size: .85em; white-space: nowrap; }
.sample > summary { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .1rem .7rem; list-style: none; }
.sample > summary::-webkit-details-marker { display: none; }
.sample > summary::before { content: "▸"; color: var(--soft); grid-row: span 2; }
.sample[open] > summary::before { content: "▾"; }
.sample > summary .question { font-weight: 600; margin: 0; }
.sample > summary .where { font-size: .82rem; color: var(--soft); }
.sample > .body { margin-top: .8rem; }
.search { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; position: sticky; top: 0; z-index: 1; background: var(--ground); padding: .6rem 0; }
.search input { flex: 1 1 14rem; min-width: 0; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .6rem; }
.search button { font: inherit; font-size: .9rem; color: inherit; background: var(--shade); border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .8rem; cursor: pointer; }
.search output { font-size: .88rem; color: var(--soft); min-width: 6.5rem; }
footer { font-size: .85rem; padding: 2.5rem 1.25rem 3rem; }
@media (max-width: 30rem) {
  header, main, footer { padding-left: .9rem; padding-right: .9rem; }
  h1 { font-size: 1.4rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
  .tiles b { font-size: 1.2rem; }
  .bar { display: none; }
  th, td { padding: .3rem .45rem; }
  figure, .case, .sample { padding: .75rem .8rem; }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --shade: #fff; --accent: #000;
    --warn: #6b3a06; --warn-ground: #fff; --positive: #0b7a6b; --positive-ground: #fff; --hard: #c2570c; --random: #6b7a90; --plain: #4a68ad;
  }
  html { font-size: 9.5pt; }
  nav, .search { display: none; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  .sample, .case, figure, .doc { break-inside: avoid; }
  .sample[open] { break-inside: auto; }
}
`
