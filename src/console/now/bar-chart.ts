/** Stacked bars as SVG: nothing of it is drawn by a script. */
import { html } from 'hono/html';
import type { Html } from '../page.ts';

export interface Series {
  /** Of the counts; also of its colour (`series-…`). */
  name: string;
  label: string;
}

export interface Bars {
  /** Begins the ids inside the chart. */
  id: string;
  title: string;
  /** What is counted, one of it. */
  unit: 'event' | 'delivery';
  /** One an hour, the earliest first. `at`: when the hour begins, ISO 8601 in UTC. */
  bars: readonly { at: string; counts: Readonly<Record<string, number>> }[];
  /** From the bottom up. */
  series: readonly Series[];
}

const width = 480;
const height = 180;
const left = 44;
const bottom = 22;
const top = 8;
const plotWidth = width - left - 4;
const plotHeight = height - top - bottom;
const gap = 3;

export function barChart({ id, title, unit, bars, series }: Bars): Html {
  const totals = bars.map(({ counts }) => totalOf(counts, series));
  const most = niceMaximum(Math.max(...totals, 1));
  const step = plotWidth / Math.max(bars.length, 1);
  const yOf = (value: number) => rounded(top + plotHeight * (1 - value / most));
  const present = series.filter(({ name }) => bars.some(({ counts }) => (counts[name] ?? 0) > 0));
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
      <title id="${id}-title">${title}</title>
      <desc id="${id}-desc">${described({ bars, totals, unit, present })}</desc>
      ${[0, most / 2, most].map(
        (value) =>
          html`<line class="grid" x1="${left}" x2="${width - 4}" y1="${yOf(value)}" y2="${yOf(value)}" />
            <text x="${left - 6}" y="${yOf(value) + 4}" text-anchor="end">${axisText(value)}</text>`,
      )}
      ${bars.map(({ at, counts }, i) => {
        const x = rounded(left + i * step);
        const hour = `${at.slice(11, 16)} UTC`;
        return html`<g>
          <title>${hour}: ${countsText(counts, series)}</title>
          <rect x="${x}" y="${top}" width="${rounded(step)}" height="${plotHeight}" fill="transparent" />
          ${stack(counts, series).map(
            ({ name, from, to }) =>
              html`<rect
                class="series-${name}"
                x="${rounded(x + gap / 2)}"
                y="${yOf(to)}"
                width="${rounded(step - gap)}"
                height="${rounded(yOf(from) - yOf(to))}"
              />`,
          )}
          ${i % 6 === 0 ? html`<text x="${x}" y="${height - 6}">${hour.slice(0, 5)}</text>` : ''}
        </g>`;
      })}
    </svg>
    <ul class="legend">
      ${(present.length === 0 ? series.slice(0, 2) : present).map(
        ({ name, label }) =>
          html`<li>
            <svg viewBox="0 0 10 10" aria-hidden="true"><rect class="series-${name}" width="10" height="10" rx="2" /></svg
            >${label} ${sumOf(bars, name)}
          </li>`,
      )}
    </ul>`;
}

function stack(counts: Readonly<Record<string, number>>, series: readonly Series[]) {
  let height = 0;
  return series.flatMap(({ name }) => {
    const count = counts[name] ?? 0;
    if (count === 0) return [];
    height += count;
    return [{ name, from: height - count, to: height }];
  });
}

/** In place of the picture. */
function described({
  bars,
  totals,
  unit,
  present,
}: {
  bars: Bars['bars'];
  totals: readonly number[];
  unit: Bars['unit'];
  present: readonly Series[];
}): string {
  const all = totals.reduce((sum, each) => sum + each, 0);
  const units = unit === 'event' ? 'events' : 'deliveries';
  if (all === 0) return `No ${units} in the last ${bars.length} hours.`;
  const most = Math.max(...totals);
  const when = bars[totals.indexOf(most)]!.at.slice(11, 16);
  const parts = present.map(({ name, label }) => `${sumOf(bars, name)} ${label}`).join(', ');
  return `${all} ${all === 1 ? unit : units} in the last ${bars.length} hours: ${parts}. The most in one hour, ${most}, at ${when} UTC.`;
}

function countsText(counts: Readonly<Record<string, number>>, series: readonly Series[]): string {
  const parts = series.flatMap(({ name, label }) => ((counts[name] ?? 0) > 0 ? [`${counts[name]} ${label}`] : []));
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function totalOf(counts: Readonly<Record<string, number>>, series: readonly Series[]): number {
  return series.reduce((sum, { name }) => sum + (counts[name] ?? 0), 0);
}

function sumOf(bars: Bars['bars'], name: string): number {
  return bars.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
}

/** The next of 2, 4, 6, 8, 10, 20, 40 …: its half is whole. */
function niceMaximum(value: number): number {
  for (let unit = 1; ; unit *= 10) {
    for (const factor of [2, 4, 6, 8, 10]) if (value <= factor * unit) return factor * unit;
  }
}

/** `40k`: there is little room. */
function axisText(value: number): string {
  return value >= 10_000 ? `${value / 1000}k` : String(value);
}

const rounded = (value: number) => Math.round(value * 100) / 100;
