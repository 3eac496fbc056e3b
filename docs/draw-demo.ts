/**
 * Draws docs/demo.svg from what the demo really printed: parts of it, with ⋮ where something was left out.
 * FORCE_COLOR=1 npm run -s demo -- --once | node docs/draw-demo.ts > docs/demo.svg
 */
import { text } from 'node:stream/consumers';

const cell = { width: 8.4, height: 19 };
const margin = 18;
/** Lines of one paragraph that are shown. */
const longest = 13;

const colors: Record<string, string> = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 34: '#79c0ff', 36: '#76e3ea' };
/** Select Graphic Rendition: code → what it changes. Source: ECMA-48 §8.3.117. */
const changes: Record<string, Partial<Look>> = {
  0: { bold: false, dim: false, color: null },
  1: { bold: true },
  2: { dim: true },
  22: { bold: false, dim: false },
  39: { color: null },
  ...Object.fromEntries(Object.entries(colors).map(([code, color]) => [code, { color }])),
};

interface Look {
  bold: boolean;
  dim: boolean;
  color: string | null;
}

interface Run extends Look {
  column: number;
  text: string;
}

// oxlint-disable-next-line no-control-regex -- escape sequences are what this is about
const escapes = /\u001b\[(\d+)m/;
// oxlint-disable-next-line no-control-regex -- as above
const allEscapes = /\u001b\[\d+m/g;

function runsOf(line: string): Run[] {
  const look: Look = { bold: false, dim: false, color: null };
  const runs: Run[] = [];
  let column = 0;
  for (const [i, part] of line.split(escapes).entries()) {
    if (i % 2 === 1) Object.assign(look, changes[part]);
    else if (part !== '') {
      runs.push({ ...look, column, text: part });
      column += columnsOf(part);
    }
  }
  return runs;
}

/** An emoji takes two. */
function columnsOf(part: string): number {
  return [...part].reduce((sum, char) => sum + (/\p{Emoji_Presentation}/u.test(char) ? 2 : 1), 0);
}

/** The night's special moments, and the reckoning. */
const wanted = [
  /again, byte for byte/,
  /3rd failure/,
  /materialize-view (completed|recovered after).* dataset 10744/,
  /forged/,
  /200 ×/,
  /200 failures/,
  /All 200 recovered/,
  /the relay is stopped/,
  /no answer, given up/,
  /the relay runs again/,
  /Its webhook never came/,
  /Digest/,
  /still running/,
  /^.*webhooks|what became of|deliveries to|problems|It adds up/,
];

/** The first paragraphs, then the first of each kind that is wanted; all of what the view does that fails three times. */
function excerpt(output: string): string[] {
  // Without the first line: its port is another one each time, and it is wider than all the others.
  const paragraphs = output.trim().split('\n').slice(1).join('\n').split('\n\n');
  const shown: string[] = [];
  const seen = new Set<RegExp>();
  let last = -1;
  for (const [i, paragraph] of paragraphs.entries()) {
    const kind = wanted.find((pattern) => pattern.test(paragraph.replaceAll(allEscapes, '')));
    const again = kind !== undefined && seen.has(kind) && !/10744|│|✓/.test(paragraph);
    if (i > 3 && (kind === undefined || again)) continue;
    if (kind) seen.add(kind);
    shown.push(last < i - 1 ? '\u001b[2m⋮\u001b[22m' : '', ...shortened(paragraph.split('\n')));
    last = i;
  }
  return shown.slice(1);
}

function shortened(lines: string[]): string[] {
  const most = lines.some((line) => line.includes('PagerDuty · ')) ? 8 : longest;
  return lines.length <= most ? lines : [...lines.slice(0, most), `${lines[1]!.slice(0, 11)} \u001b[2m⋮\u001b[22m`];
}

function draw(lines: string[]): string {
  const columns = Math.max(
    ...lines.map(
      (line) =>
        line
          .split(escapes)
          .filter((_, i) => i % 2 === 0)
          .join('')
          .trimEnd().length,
    ),
  );
  const width = Math.ceil(columns * cell.width + 2 * margin);
  const height = Math.ceil(lines.length * cell.height + 2 * margin);
  const rows = lines.flatMap((line, row) => runsOf(line).map((run) => drawRun(run, row)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Output of npm run demo">
<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}</style>
<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>
${rows.join('\n')}
</svg>
`;
}

/** `textLength`: so that columns stand under each other whatever font the reader's machine has. */
function drawRun({ column, text: content, bold, dim, color }: Run, row: number): string {
  if (content.trim() === '') return '';
  const x = (margin + column * cell.width).toFixed(1);
  const y = (margin + (row + 0.75) * cell.height).toFixed(1);
  const styles = [bold ? 'font-weight:700' : '', color ? `fill:${color}` : '', dim ? 'opacity:.65' : '']
    .filter(Boolean)
    .join(';');
  const style = styles === '' ? '' : ` style="${styles}"`;
  const length = (columnsOf(content) * cell.width).toFixed(1);
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${style}>${escaped}</text>`;
}

process.stdout.write(draw(excerpt(await text(process.stdin))));
