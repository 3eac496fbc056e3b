/** The pages of deliveries, destinations and rules. */
export const deliveriesStyle = `
.facts + section { margin-top: 1.5rem; }
h3.below { margin: 1.25rem 0 0.6rem; }
.row-actions { display: flex; flex-wrap: wrap; gap: 0.4rem; }
.parked p { margin: 0 0 0.2rem; }
.parked form { margin-top: 0.4rem; }
progress { width: 100%; max-width: 38rem; height: 0.75rem; accent-color: var(--accent-ground); }
.policy { margin: 0; padding-left: 1.1rem; }
.where { display: block; font-family: var(--mono); font-size: 0.8125rem; color: var(--quiet); }
.try textarea { min-height: 16rem; }
.example { display: flex; flex-wrap: wrap; align-items: end; gap: 0.5rem; margin-bottom: 1rem; max-width: 38rem; }
.example .field { flex: 1 1 14rem; }
@media (min-width: 44.01rem) {
  .row-link.id { white-space: nowrap; }
  .row-actions { justify-content: flex-end; flex-wrap: nowrap; }
  .row-actions .button { white-space: nowrap; min-height: 2rem; padding: 0.15rem 0.7rem; font-size: 0.875rem; }
}
`;
