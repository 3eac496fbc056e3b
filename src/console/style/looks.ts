/** Messages as they looked elsewhere (src/console/look), and what the rules made of an event. */
export const looks = `
.look {
  background: var(--surface); border: 1px solid var(--line); border-left: 4px solid var(--edge); border-radius: var(--radius);
  padding: 0.75rem 1rem; font-size: 0.9375rem; max-width: 46rem;
}
.look-bad { border-left-color: var(--bad); }
.look-good { border-left-color: var(--good); }
.look-warn { border-left-color: var(--warn); }
.look p { margin: 0; }
.look-reply { margin: 0.5rem 0 0 1.25rem; }
.look-head { padding-bottom: 0.35rem; }
.look-title { font-weight: 650; font-size: 1.0625rem; }
.look-text { white-space: pre-wrap; }
.look-text + .look-text, .look-fields + * { margin-top: 0.4rem; }
.look-context { color: var(--quiet); font-size: 0.875rem; white-space: pre-wrap; }
.look-fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 0.4rem 1.25rem; margin: 0.4rem 0; }
.look-fields .look-text + .look-text { margin-top: 0; }
.look-details { margin: 0.4rem 0; display: grid; gap: 0.15rem; }
.look-details > div { display: grid; grid-template-columns: minmax(6rem, 10rem) 1fr; gap: 0 1rem; }
.look-details dt { color: var(--quiet); }
.look-details dd { margin: 0; min-width: 0; white-space: pre-wrap; }
.look-code, .look pre { background: var(--raised); border-radius: 5px; padding: 0.6rem 0.75rem; max-height: 34rem; overflow: auto; }
.look code { background: var(--raised); border-radius: 4px; padding: 0.05rem 0.25rem; }
.look-code code, .look pre code { background: none; padding: 0; }
.look blockquote { margin: 0.2rem 0; padding-left: 0.75rem; border-left: 3px solid var(--line); }
.look-mention { color: var(--accent); background: light-dark(#e8edfc, #232c4d); border-radius: 4px; padding: 0 0.2rem; }
.look-fold > summary { cursor: pointer; color: var(--accent); padding: 0.35rem 0; width: fit-content; }
.look-problems { background: var(--warn-ground); border-radius: var(--radius); padding: 0.6rem 1rem; margin-bottom: 0.5rem; }
.look-problems p, .look-problems ul { margin-bottom: 0; }
.verdicts { width: 100%; border-collapse: collapse; background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); font-size: 0.9375rem; }
.verdicts th, .verdicts td { text-align: left; vertical-align: top; padding: 0.5rem 0.9rem; font-weight: 400; }
.verdicts thead th { color: var(--quiet); font-size: 0.875rem; }
.verdicts tbody tr { border-top: 1px solid var(--line); }
.verdicts .matched th { font-weight: 600; }
.verdicts .sign { display: inline-block; width: 1.1rem; font-weight: 700; }
.verdicts .matched .sign { color: var(--good); }
.verdicts .at { display: block; padding-left: 1.4rem; font-family: var(--mono); font-size: 0.8125rem; font-weight: 400; }
.standing { list-style: none; padding: 0; }
.planned { margin-bottom: 1rem; }
.planned p { margin-bottom: 0.4rem; }
@media (max-width: 44rem) {
  .look-details > div { grid-template-columns: 1fr; }
  .verdicts, .verdicts tbody, .verdicts tr, .verdicts th, .verdicts td { display: block; }
  .verdicts thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .verdicts th, .verdicts td { padding: 0.15rem 0.9rem; }
  .verdicts tr { padding: 0.45rem 0; }
  .verdicts td { padding-left: 2.3rem; color: var(--quiet); }
  .verdicts .matched td { color: var(--text); }
}
`;
