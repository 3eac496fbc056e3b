/** The first page: what is wrong, and the charts. */
export const now = `
.as-of { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0 1rem; margin-bottom: 1rem; }
.as-of h1 { margin: 0; }
.as-of p { margin: 0; font-size: 0.9375rem; }
.problems { list-style: none; padding: 0; margin: 0 0 2rem; display: grid; gap: 0.6rem; }
.problems > li { border-radius: var(--radius); padding: 0.8rem 1.1rem; color: var(--text); border-left: 5px solid; }
.problems > .tone-bad { border-color: var(--bad); }
.problems > .tone-warn { border-color: var(--warn); }
.problems p { margin: 0; }
.problems .what { font-weight: 600; }
.problems .actions { margin-bottom: 0; }
.problems a { color: inherit; }
.calm { display: flex; align-items: center; gap: 0.9rem; background: var(--good-ground); border-radius: var(--radius); padding: 1.1rem 1.25rem; margin-bottom: 2rem; }
.calm .sign { font-size: 1.5rem; line-height: 1; color: var(--good); }
.calm p { margin: 0; }
.calm .what { font-weight: 600; }
.incidents { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.6rem; }
.incident { background: var(--surface); border: 1px solid var(--line); border-left: 5px solid var(--bad); border-radius: var(--radius); padding: 0.8rem 1.1rem; }
.incident.silenced { border-left-color: var(--edge); }
.incident h3 { font-size: 1.0625rem; }
.incident p { margin: 0.15rem 0 0; }
.incident .actions { margin: 0.6rem 0 0; }
@media (min-width: 44.01rem) {
  .incident { display: grid; grid-template-columns: 1fr auto; gap: 0 1.5rem; align-items: center; }
  .incident .actions { margin: 0; flex-wrap: nowrap; }
}
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 12rem), 1fr)); gap: 0.75rem; margin: 0 0 2rem; }
.tile { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 0.8rem 1.1rem; display: flex; flex-direction: column; }
.tile dt { color: var(--quiet); font-size: 0.9375rem; order: 2; }
.tile dd { margin: 0; }
.tile.bad { border-left: 5px solid var(--bad); }
.tile .figure { font-size: 1.75rem; font-weight: 650; line-height: 1.2; }
.tile .quiet { font-size: 0.875rem; order: 3; }
.chart { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 0.9rem 1.1rem 0.4rem; }
.chart svg { display: block; width: 100%; height: auto; }
.chart text { font: 11px var(--sans); fill: var(--quiet); font-variant-numeric: tabular-nums; }
.chart .grid { stroke: var(--line); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; padding: 0; margin: 0.4rem 0 0.2rem; font-size: 0.875rem; }
.legend li { display: inline-flex; align-items: center; gap: 0.4rem; }
.legend svg { width: 0.8rem; height: 0.8rem; flex: none; }
.series-routed, .series-delivered { fill: light-dark(#3f63d6, #7f9bff); }
.series-quarantined { fill: light-dark(#c98a12, #e9b949); }
.series-dead { fill: light-dark(#c2362e, #ff8a80); }
.series-unrouted, .series-waiting { fill: light-dark(#8a929c, #8b939d); }
.series-suppressed { fill: light-dark(#b8bec6, #616973); }
.series-repeated { fill: light-dark(#8e7cc3, #b3a1e6); }
.series-duplicate { fill: light-dark(#d6dade, #454c54); }
.charts { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); align-items: start; }
.charts > section { margin: 0; }
@media (max-width: 44rem) {
  .tiles { grid-template-columns: 1fr 1fr; }
  .chart { padding-inline: 0.6rem; }
  .chart text { font-size: 15px; }
}
`;
