/** The pages of events and of incidents. */
export const eventsStyle = `
.filters { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 0.9rem 1.1rem; margin-bottom: 1.25rem; }
.filters .fields { grid-template-columns: repeat(auto-fit, minmax(min(100%, 9rem), 1fr)); }
.filters .field:has([name='text']) { grid-column: span 2; }
.filters .fold > summary { padding: 0.6rem 0; }
.filters .actions { margin: 0.4rem 0 0; }
.table tr:has(.row-link) { position: relative; }
.row-link::after { content: ''; position: absolute; inset: 0; }
.row-link { text-decoration: none; }
.table tr:hover .row-link { text-decoration: underline; }
.table td .id, .facts .id, .facts code { overflow-wrap: anywhere; }
.live-status { display: flex; align-items: center; gap: 0.6rem; padding: 0.5rem 1rem; border-radius: var(--radius); background: var(--raised); color: var(--text); }
.live-status::before { content: ''; flex: none; width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--edge); }
.live-status[data-live='on']::before { background: var(--good); }
.fresh { background: light-dark(#eef2ff, #20283f); }
.said {
  font-family: var(--mono); font-size: 0.9375rem; background: var(--bad-ground); border-radius: var(--radius); padding: 0.7rem 1rem;
}
.said.plain { background: var(--raised); }
.delivery h3 { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 0.7rem; font-weight: 600; }
.delivery h3 .quiet { font-weight: 400; font-size: 0.9375rem; }
.delivery p { margin: 0.35rem 0 0; }
.decisions { list-style: none; padding: 0; display: grid; gap: 0.5rem; }
.tabs ul { display: flex; gap: 0.25rem; list-style: none; padding: 0; margin: 0 0 1rem; border-bottom: 1px solid var(--line); }
.tabs a { display: block; padding: 0.6rem 0.9rem; color: var(--quiet); text-decoration: none; border-bottom: 3px solid transparent; margin-bottom: -1px; }
.tabs a[aria-current] { color: var(--text); border-bottom-color: var(--accent); font-weight: 600; }
@media (scripting: none) { [data-live-switch], [data-stop-search], [data-copy] { display: none; } }
@media (prefers-reduced-motion: no-preference) {
  .fresh { animation: settle 4s ease-out forwards; }
  @keyframes settle { to { background: transparent; } }
}
@media (max-width: 44rem) {
  .row-link { font-weight: 550; }
}
`;
