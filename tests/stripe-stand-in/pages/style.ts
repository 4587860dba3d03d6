/** One style for both pages. Text has at least 4.5:1 on its ground and control edges 3:1, in both themes. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f5f5fa, #12121a);
  --card: light-dark(#ffffff, #1b1b26);
  --ink: light-dark(#1a1a2b, #ececf4);
  --muted: light-dark(#55556b, #abacc2);
  --line: light-dark(#dfdfea, #33334a);
  --edge: light-dark(#80809a, #75758f);
  --accent: light-dark(#4b3fd1, #a8a2ff);
  --accent-ink: light-dark(#ffffff, #14122e);
  --note: light-dark(#fff4d6, #3a2f0d);
  --note-ink: light-dark(#5f4200, #f3d68b);
  --bad: light-dark(#a3172a, #ff9fa9);
  --bad-ground: light-dark(#fdecee, #3a151b);
  --good: light-dark(#12613b, #7fdcae);
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 0 0 .75rem; }
a { color: var(--accent); }
p { margin: 0 0 1rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.banner { background: var(--note); color: var(--note-ink); padding: .6rem 1rem; text-align: center; margin: 0; font-size: .95rem; }
.checkout { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
.columns { display: grid; gap: 1.5rem; }
@media (min-width: 48rem) { .columns { grid-template-columns: 1fr 1fr; gap: 2.5rem; } .checkout { padding-top: 3rem; } }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem; }
.total { font-size: 2.25rem; font-weight: 650; letter-spacing: -.02em; margin: 0 0 1rem; font-variant-numeric: tabular-nums; }
.lines { list-style: none; padding: 0; margin: 0; }
.lines li { display: flex; justify-content: space-between; gap: 1rem; padding: .65rem 0; border-top: 1px solid var(--line); }
.lines span:last-child { font-variant-numeric: tabular-nums; white-space: nowrap; }
.lines small { display: block; }
.sum { font-weight: 650; }
.field { margin: 0 0 1rem; }
label, legend { font-weight: 600; font-size: .95rem; padding: 0; }
input[type=text], input[type=email], input[type=number], input[type=datetime-local], select {
  width: 100%; margin-top: .3rem; padding: .6rem .75rem; min-height: 44px; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--edge); border-radius: 8px;
}
[aria-invalid=true] { border-color: var(--bad) !important; border-width: 2px !important; }
fieldset { border: 0; padding: 0; margin: 0 0 1.25rem; }
.choice { display: flex; gap: .75rem; align-items: flex-start; padding: .75rem; border: 1px solid var(--line); margin-top: -1px; }
.choice:first-of-type { border-radius: 8px 8px 0 0; margin-top: .4rem; }
.choice:last-of-type { border-radius: 0 0 8px 8px; }
.choice input { width: 20px; height: 20px; margin: .15rem 0 0; accent-color: var(--accent); flex: none; }
.choice label { flex: 1; cursor: pointer; }
small, .hint { color: var(--muted); font-weight: 400; font-size: .875rem; }
.error { color: var(--bad); font-size: .9rem; margin: .3rem 0 0; font-weight: 600; }
.alert { background: var(--bad-ground); color: var(--bad); border: 1px solid currentColor; border-radius: 8px; padding: .75rem 1rem; margin: 0 0 1rem; }
button {
  font: inherit; font-weight: 600; cursor: pointer; border-radius: 8px; padding: .4rem .8rem; min-height: 32px;
  border: 1px solid var(--edge); background: var(--card); color: var(--ink);
}
button:hover { border-color: var(--accent); }
button.primary { width: 100%; min-height: 48px; background: var(--accent); border-color: var(--accent); color: var(--accent-ink); font-size: 1.05rem; }
.withbutton { display: flex; gap: .5rem; align-items: flex-end; }
.withbutton button { min-height: 44px; }
.cancel { text-align: center; margin: 1rem 0 0; }
.cancel a { display: inline-block; padding: .35rem .5rem; }
.stack { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.5rem; margin: 0 0 1.5rem; }
.stack li small { display: block; }
.buttons { display: flex; flex-wrap: wrap; gap: 0 .5rem; }
.portal form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: flex-end; margin: 0 0 .75rem; }
.portal form button { min-height: 44px; }
.portal form select, .portal form input { width: auto; max-width: 100%; font-weight: 400; }
.portal form label { max-width: 100%; }
.portal td form { margin: 0; }
.control { max-width: 80rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
.control section { margin: 0 0 2rem; }
.toolbar { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-end; }
.toolbar form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: flex-end; }
.toolbar select, .toolbar input { width: auto; max-width: 100%; }
.toolbar + p { margin-top: 1rem; }
section + .toolbar { margin: -1rem 0 2rem; }
td select { width: auto; min-height: 32px; padding: .25rem .5rem; }
.wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--muted); font-weight: 600; white-space: nowrap; }
td time { white-space: nowrap; }
td:last-child:has(form + form) { min-width: 19rem; }
td form { display: inline-block; margin: 0 .25rem .25rem 0; }
code { font: .85em ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
.done { color: var(--good); font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; margin: 0 0 1.5rem; }
nav a { display: inline-block; padding: .25rem 0; }
`;
