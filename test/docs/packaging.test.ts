import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../../src/settings.ts';
import { documentAt } from './markdown.ts';

const dockerfile = readFileSync('Dockerfile', 'utf8');
const instructions = dockerfile
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line.trim() !== '');
const all = (name: string) =>
  instructions.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1).trim());

interface PackageJson {
  devDependencies: Record<string, string>;
  dependencies: Record<string, string>;
}
const packageJson = JSON.parse(readFileSync('package.json', 'utf8')) as PackageJson;

describe('the Dockerfile', () => {
  const sources = all('COPY').flatMap((line) => line.split(/\s+/).slice(0, -1));

  test('copies what exists, and .dockerignore lets it through', () => {
    const allowed = readFileSync('.dockerignore', 'utf8').match(/^!.+$/gm)!;
    expect(sources.filter((source) => !existsSync(source))).toEqual([]);
    expect(allowed.map((line) => line.slice(1)).toSorted()).toEqual(sources.toSorted());
  });

  test('starts from the Node that the tests run with', () => {
    expect(all('FROM')).toEqual([expect.stringMatching(`^node:${packageJson.devDependencies.node}-`)]);
  });

  test('sets what the settings understand', () => {
    const environment = Object.fromEntries(
      [
        ...all('ENV')
          .join(' ')
          .matchAll(/([A-Z_]+)=(\S+)/g),
      ].map(([, name, value]) => [name!, value!]),
    );
    expect(readSettings(environment)).toMatchObject({
      ok: true,
      warnings: [],
      settings: { host: '0.0.0.0', port: 8787, rulesFolder: '/app/rules', databasePath: '/data/relay.db' },
    });
    expect(all('VOLUME')).toEqual(['/data']);
  });

  test('runs without rights, and starts a file that it copies', () => {
    expect(all('USER')).toEqual(['node']);
    const script = (JSON.parse(all('ENTRYPOINT')[0]!) as string[]).at(-1);
    expect(existsSync(script!)).toBe(true);
    expect(sources).toContain(script!.split('/')[0]);
  });
});

test('src imports nothing that is a devDependency only: the image has none of them', () => {
  const imported = globSync('src/**/*.ts').flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/ from '((?:@[\w-]+\/)?[\w-]+)[^']*';$/gm)].map(([, name]) => name!),
  );
  const packages = [...new Set(imported)].filter((name) => name !== 'node');
  expect(packages.length).toBeGreaterThan(5);
  expect(packages.filter((name) => !(name in packageJson.dependencies))).toEqual([]);
});

describe('the deployment examples', () => {
  test('the Slack app asks for what posting needs, and to find again what it posted, which may be left out', () => {
    const text = readFileSync('docs/slack-manifest.yaml', 'utf8');
    const manifest = parse(text) as { oauth_config: { scopes: { bot: string[] } } };
    const needed = ['chat:write', 'chat:write.public'];
    const optional = ['channels:history', 'groups:history'];
    expect(manifest.oauth_config.scopes).toEqual({ bot: [...needed, ...optional] });
    const explained = text.split('# Optional')[1] ?? '';
    expect(optional.filter((scope) => !explained.includes(scope))).toEqual([]);
    const { text: readme } = documentAt('README.md');
    expect([...needed, ...optional].filter((scope) => !readme.includes(`\`${scope}\``))).toEqual([]);
  });

  test('the systemd unit sets what the settings understand', () => {
    const unit = readFileSync('docs/deploy/narrative-relay.service', 'utf8');
    const environment = Object.fromEntries(
      [...unit.matchAll(/^Environment=([A-Z_]+)=(.+)$/gm)].map(([, name, value]) => [name!, value!]),
    );
    expect(readSettings(environment)).toMatchObject({ ok: true, warnings: [] });
    expect(unit).toContain('ExecStart=/usr/bin/node --max-semi-space-size=8 --max-old-space-size=768 src/cli/main.ts serve\n');
  });

  test('compose builds this folder and mounts its rules', () => {
    const compose = parse(readFileSync('docs/deploy/compose.yaml', 'utf8')) as {
      services: { relay: { build: string; volumes: string[] }; caddy: { volumes: string[] } };
    };
    const { relay, caddy } = compose.services;
    expect(relay.build).toBe('../..');
    const folders = [...relay.volumes, ...caddy.volumes]
      .map((volume) => volume.split(':')[0]!)
      .filter((path) => path.startsWith('.'));
    expect(folders.filter((path) => !existsSync(`docs/deploy/${path}`))).toEqual([]);
  });

  test.each(['Caddyfile', 'nginx.conf'])('%s leads to the port that the relay listens on by default', (name) => {
    const settings = readSettings({});
    const port = settings.ok ? settings.settings.port : 0;
    expect(readFileSync(`docs/deploy/${name}`, 'utf8')).toContain(`127.0.0.1:${port}`);
  });

  test('nginx lets the webhook route through and nothing else', () => {
    const text = readFileSync('docs/deploy/nginx.conf', 'utf8');
    const locations = [...text.matchAll(/location ([^{]+) \{([^}]*)\}/g)].map(([, path, block]) => [
      path,
      /proxy_pass/.test(block!),
    ]);
    expect(locations).toEqual([
      ['/webhooks/narrative', true],
      ['/', false],
    ]);
  });

  test('Caddy lets the webhook route through and nothing else', () => {
    const text = readFileSync('docs/deploy/Caddyfile', 'utf8');
    expect(text.match(/^\t@.*$/gm)).toEqual(['\t@webhooks path /webhooks/narrative /webhooks/narrative/*']);
    const handles = [...text.matchAll(/handle (.*)\{([^{}]*(?:\{\$[^}]*\})?[^{}]*)\}/g)];
    expect(handles.map(([, matcher, block]) => [matcher!.trim(), /reverse_proxy/.test(block!)])).toEqual([
      ['@webhooks', true],
      ['', false],
    ]);
  });
});
