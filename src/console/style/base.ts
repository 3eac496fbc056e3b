/**
 * Colours, type and the frame of the page. Colours follow the reader's system; each pair of text and ground has a contrast of at least
 * 4.5:1, borders of controls at least 3:1 (WCAG 2.2 §1.4.3, §1.4.11).
 */
export const base = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f7f7f5, #141619);
  --surface: light-dark(#ffffff, #1c1f23);
  --raised: light-dark(#f1f2f3, #262a2f);
  --text: light-dark(#1b1d20, #e7e9ec);
  --quiet: light-dark(#555b63, #a5acb5);
  --line: light-dark(#dddfe2, #33383e);
  --edge: light-dark(#7d838b, #7f868f);
  --accent: light-dark(#2c4cbf, #a4b7ff);
  --accent-ground: light-dark(#2c4cbf, #3a57c4);
  --on-accent: #ffffff;
  --bad: light-dark(#a8201a, #ffa69e);
  --bad-ground: light-dark(#fdeceb, #3b1d1b);
  --good: light-dark(#17643a, #86d9a6);
  --good-ground: light-dark(#e6f4ec, #16301f);
  --warn: light-dark(#704a00, #f1c772);
  --warn-ground: light-dark(#fcf1d9, #35290f);
  --sans: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace;
  --radius: 8px;
}
*, *::before, *::after { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100dvh; display: flex; flex-direction: column;
  background: var(--ground); color: var(--text);
  font: 1rem/1.5 var(--sans); font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
h1, h2, h3 { line-height: 1.25; margin: 0; text-wrap: balance; font-weight: 650; }
h1 { font-size: 1.5rem; margin-bottom: 1rem; letter-spacing: -0.01em; }
h2 { font-size: 1.0625rem; }
h3 { font-size: 1rem; }
p { margin: 0 0 0.75rem; }
ul, ol { padding-left: 1.25rem; margin: 0 0 0.75rem; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 0.15em; }
a:hover { text-decoration-thickness: 2px; }
code, pre, .id { font-family: var(--mono); font-size: 0.875em; }
pre { margin: 0; white-space: pre-wrap; }
hr { border: 0; border-top: 1px solid var(--line); margin: 1.5rem 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
main:focus { outline: none; }
[hidden] { display: none; }
.quiet, .ago { color: var(--quiet); }
.ago { white-space: nowrap; }
.ago::before { content: '· '; }
.lead { font-size: 1.0625rem; }
.unseen {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 1; padding: 0.6rem 1rem; background: var(--surface); border-radius: var(--radius); }
.skip:focus { top: 0.5rem; }

.top {
  display: flex; flex-wrap: wrap; align-items: center; gap: 0 1.5rem; padding: 0 1.5rem;
  background: var(--surface); border-bottom: 1px solid var(--line);
}
.brand { font-weight: 650; color: var(--text); text-decoration: none; padding: 0.85rem 0; white-space: nowrap; }
.top nav { flex: 1; }
.top nav ul { display: flex; gap: 0.25rem; list-style: none; margin: 0; padding: 0; }
.top nav a {
  display: block; padding: 0.85rem 0.75rem; color: var(--quiet); text-decoration: none; border-bottom: 3px solid transparent; margin-bottom: -1px;
}
.top nav a:hover { color: var(--text); }
.top nav a[aria-current] { color: var(--text); border-bottom-color: var(--accent); font-weight: 600; }
.sign-out { margin: 0; }
main { flex: 1; width: 100%; max-width: 70rem; margin: 0 auto; padding: 1.75rem 1.5rem 3rem; }
main.wide { max-width: 100rem; }
main.alone { max-width: 26rem; padding-top: 12vh; }
.alone .brand { color: var(--quiet); padding: 0; margin-bottom: 0.25rem; }
.foot { padding: 1rem 1.5rem; text-align: center; color: var(--quiet); font-size: 0.875rem; }

@media (max-width: 44rem) {
  .top { padding: 0 1rem; }
  .top .brand { flex: 1; padding: 0.6rem 0 0.2rem; }
  .top nav { order: 3; flex: 0 0 calc(100% + 2rem); margin: 0 -1rem; }
  .top nav ul { gap: 0; justify-content: space-between; padding: 0 0.25rem; }
  .top nav a { padding: 0.7rem 0.6rem; font-size: 0.9375rem; }
  main { padding: 1.25rem 1rem 2.5rem; }
}
@media (prefers-reduced-motion: no-preference) { a, button, .button { transition: background-color 0.12s, color 0.12s; } }
@media print {
  .top, .foot, .skip, .actions, .pager, form { display: none !important; }
  body, main { background: #fff; color: #000; max-width: none; padding: 0; }
}
`;
