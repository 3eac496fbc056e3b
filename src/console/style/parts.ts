/** Badges, notices, folds, facts, sections. */
export const parts = `
.badge {
  display: inline-block; padding: 0.05rem 0.5rem; border-radius: 1rem; font-size: 0.875rem; font-weight: 550; white-space: nowrap;
  border: 1px solid transparent;
}
.tone-bad { color: var(--bad); background: var(--bad-ground); }
.tone-good { color: var(--good); background: var(--good-ground); }
.tone-warn { color: var(--warn); background: var(--warn-ground); }
.tone-quiet { color: var(--quiet); background: var(--raised); }
.notice { padding: 0.7rem 1rem; border-radius: var(--radius); font-weight: 550; margin-bottom: 1.25rem; }
section { margin-bottom: 2rem; }
section section { margin-bottom: 1.25rem; }
.section-head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0.25rem 1rem; margin-bottom: 0.6rem; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 0.9rem 1.1rem; margin-bottom: 0.75rem; }
.card > p { margin: 0.3rem 0 0; }
.card > .actions { margin: 0.7rem 0 0; }
.empty { background: var(--surface); border: 1px dashed var(--line); border-radius: var(--radius); padding: 1.5rem 1.1rem; text-align: center; }
.empty p { margin: 0; }
.empty .quiet { margin-top: 0.25rem; }
.fold > summary { cursor: pointer; padding: 0.45rem 0; color: var(--accent); width: fit-content; }
.fold > summary:hover { text-decoration: underline; }
.fold-content { padding: 0.25rem 0 0.75rem; }
.fold-content > :last-child { margin-bottom: 0; }
.facts { margin: 0 0 0.75rem; display: grid; gap: 0.35rem 1.5rem; }
.facts > div { display: grid; grid-template-columns: minmax(7rem, 11rem) 1fr; gap: 0 1rem; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; min-width: 0; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; margin: 0.75rem 0; }
.actions form { margin: 0; }
@media (max-width: 44rem) {
  .facts > div { grid-template-columns: 1fr; }
}
@media print { .fold:not([open]) > .fold-content, details::details-content { content-visibility: visible; display: block; } }
`;
