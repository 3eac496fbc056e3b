/** Styles and scripts, under names that change with their content, so that browsers may keep them for ever. */
import type { Hono } from 'hono';
import type { Hash } from '../ports.ts';
import { hex } from './hex.ts';
import { tailScript } from './events/tail-script.ts';
import { script } from './script.ts';
import type { Frame } from './session.ts';
import { style } from './style/style.ts';

/** Scripts that come from packages: each root has its own way to them. Each is called once. */
export interface ConsoleAssets {
  /** `htmx.org/dist/htmx.min.js` */
  htmx(): string;
}

interface Asset {
  file: string;
  type: string;
  content: string;
}

const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' };

export function createAssets({ htmx }: ConsoleAssets, hash: Hash) {
  const named = (name: string, extension: keyof typeof types, content: string): Asset => ({
    file: `${name}.${hex(hash.sha256(content)).slice(0, 16)}.${extension}`,
    type: types[extension],
    content,
  });
  const assets = {
    style: named('console', 'css', style),
    script: named('console', 'js', [script, tailScript].join('\n')),
    htmx: named('htmx', 'js', htmx()),
  };
  const pathOf = ({ file }: Asset) => `/console/assets/${file}`;
  const paths: Frame['assets'] = {
    style: pathOf(assets.style),
    script: pathOf(assets.script),
    htmx: pathOf(assets.htmx),
  };

  return {
    paths,
    /** They hold nothing but what is public anyway, and the page to sign in needs them: no session is asked for. */
    addRoutes(app: Hono): void {
      for (const { file, type, content } of Object.values(assets)) {
        app.get(`/assets/${file}`, (context) =>
          context.body(content, 200, { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' }),
        );
      }
    },
  };
}
