import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { drawStories, type Stories } from '../../docs/draw-incident.ts';
import { drawCards } from '../../docs/slack-cards.ts';
import { runsOf, wrapped } from '../../docs/slack-text.ts';

const stories = JSON.parse(readFileSync('docs/incident-slack.json', 'utf8')) as Stories;
const picture = drawStories(stories);

test('docs/incident-slack.svg is what the code draws of docs/incident-slack.json: otherwise run docs/draw-incident.ts', () => {
  expect(readFileSync('docs/incident-slack.svg', 'utf8')).toBe(picture);
});

test('it shows the view’s message edited to its third failure with its thread, its recovery, the storm, and the digest', () => {
  for (const text of ['3rd failure', '2 replies', '3 replies', '(edited)', '200 failures', 'Digest:'])
    expect(picture).toContain(text);
  expect(picture).toMatch(/materialize-view recovered/);
  expect(picture).toMatch(/All 200 recovered/);
});

test('it asks nobody for a font or an image, and is dark where its reader is', () => {
  expect(picture).not.toMatch(/@import|@font-face|url\(|href|<image|<script/);
  expect(picture).toContain('prefers-color-scheme:dark');
});

test('text of an event stays text in the picture', () => {
  const text = { type: 'plain_text', text: '<script>alert("1")</script> & more' };
  const message = { blocks: [{ type: 'section', text }], edited: false };
  const svg = drawCards(
    [{ caption: 'a & b', message, show: { fields: 1, textLines: 5, codeLines: 1 }, replies: [], more: 0 }],
    '"<x>"',
  );
  expect(svg).not.toContain('<script>');
  expect(svg).toContain('&lt;script&gt;');
  expect(svg).toContain('a &amp; b');
  expect(svg).toContain('aria-label="&quot;&lt;x&gt;&quot;"');
});

test('Slack’s markup is drawn as it reads: bold, links and times by their label, mentions by whom they call', () => {
  const markup =
    '*Failing since <!date^1795221623^{time}|00:40 UTC>*\n<!subteam^S0EXAMPLE> <https://example.com|Runbook> a &lt;b&gt;';
  expect(runsOf({ type: 'mrkdwn', text: markup })).toEqual([
    { text: 'Failing since 00:40 UTC', style: 'bold' },
    { text: '\n', style: 'plain' },
    { text: '@S0EXAMPLE', style: 'mention' },
    { text: ' ', style: 'plain' },
    { text: 'Runbook', style: 'link' },
    { text: ' a <b>', style: 'plain' },
  ]);
  expect(runsOf({ type: 'plain_text', text: '*as it is*' })).toEqual([{ text: '*as it is*', style: 'plain' }]);
});

test('lines are broken at spaces, and a word that is too long for one is cut', () => {
  const lines = wrapped([{ text: `two words ${'long'.repeat(40)}`, style: 'plain' }], 80, 15);
  expect(
    lines.map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trim(),
    ),
  ).toEqual(['two words', expect.stringMatching(/^long.*…$/)]);
});
