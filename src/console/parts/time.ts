/** Moments and lengths of time, as people read them. */
import { html } from 'hono/html';
import { formatDuration } from '../../event/time.ts';
import type { Html } from '../page.ts';

/** `02:48 UTC · 12 min ago`. `iso`: null for a dash. `now`: epoch ms. */
export function time(iso: string | null, now: number): Html {
  if (iso === null) return html`<span class="quiet">–</span>`;
  const ms = Date.parse(iso);
  return html`<time datetime="${iso}" title="${iso}">${clockOf(ms, now)} <span class="ago">${agoOf(ms, now)}</span></time>`;
}

/** `12 min ago`, in words only. */
export function ago(iso: string, now: number): Html {
  return html`<time datetime="${iso}" title="${iso}">${agoOf(Date.parse(iso), now)}</time>`;
}

/** `2 h 5 min`. `ms` below zero count as zero. */
export function duration(ms: number): string {
  return formatDuration(Math.max(0, ms) / 1000);
}

/** `02:48 UTC` today, `Nov 21, 02:48 UTC` in this year, else with the year. */
function clockOf(ms: number, now: number): string {
  const text = new Date(ms).toISOString();
  const today = new Date(now).toISOString();
  const clock = `${text.slice(11, 16)} UTC`;
  if (text.slice(0, 10) === today.slice(0, 10)) return clock;
  const day = `${months[Number(text.slice(5, 7)) - 1]} ${Number(text.slice(8, 10))}`;
  return text.slice(0, 4) === today.slice(0, 4) ? `${day}, ${clock}` : `${day}, ${text.slice(0, 4)}, ${clock}`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function agoOf(ms: number, now: number): string {
  const away = Math.abs(now - ms);
  if (away < 1_000) return 'now';
  // The second unit is noise once there are days.
  const text = away >= 86_400_000 ? `${Math.floor(away / 86_400_000)} d` : formatDuration(away / 1000);
  return ms > now ? `in ${text}` : `${text} ago`;
}
