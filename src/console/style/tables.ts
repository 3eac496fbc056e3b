/** Tables: rows on wide screens, cards on narrow ones; and their pager. */
export const tables = `
.table-frame { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); }
.table { width: 100%; border-collapse: collapse; font-size: 0.9375rem; }
.table th, .table td { padding: 0.55rem 0.75rem; text-align: left; vertical-align: top; }
.table thead th { color: var(--quiet); font-weight: 550; font-size: 0.875rem; white-space: nowrap; }
.table tbody tr { border-top: 1px solid var(--line); }
.table tbody tr:hover { background: var(--raised); }
.table .number { text-align: right; white-space: nowrap; }
.table td:first-child, .table th:first-child { padding-left: 1.1rem; }
.table td:last-child, .table th:last-child { padding-right: 1.1rem; }
.pager { padding: 0.9rem 0; text-align: center; }
.pager p { margin-bottom: 0.5rem; }
@media (max-width: 44rem) {
  .table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .table, .table tbody, .table tr, .table td { display: block; }
  .table tbody tr { padding: 0.7rem 1rem; }
  .table tbody tr:first-child { border-top: 0; }
  .table td, .table td:first-child, .table td:last-child { padding: 0.1rem 0; }
  .table td[data-label]:not([data-label='']) { display: grid; grid-template-columns: 6.5rem 1fr; gap: 0 0.75rem; }
  .table td[data-label]:not([data-label=''])::before { content: attr(data-label); color: var(--quiet); }
  .table .number { text-align: left; white-space: normal; }
}
`;
