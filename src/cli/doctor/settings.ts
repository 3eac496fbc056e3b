/** Whether the environment is what the relay can start with. */
import type { Finding } from '../../finding.ts';
import { isLoopback } from '../../narrative/target.ts';
import type { CheckArea } from './surroundings.ts';

const area = 'Settings';

export const checkSettings: CheckArea = async ({ settings, valid }) => {
  const seeReadme = 'correct it; the README lists all settings';
  if (!settings.ok) {
    const findings = settings.problems.map((detail): Finding => ({
      area,
      name: 'environment',
      verdict: 'problem',
      detail,
      todo: seeReadme,
    }));
    return { findings, reached: true };
  }
  const warnings = settings.warnings.map((detail): Finding => ({
    area,
    name: 'environment',
    verdict: 'warning',
    detail,
    todo: seeReadme,
  }));
  const publicUrl = valid?.publicUrl;
  if (publicUrl?.startsWith('http:') && !isLoopback(publicUrl)) {
    warnings.push({
      area,
      name: 'public URL',
      verdict: 'warning',
      detail: 'RELAY_PUBLIC_URL is plain http, and Narrative delivers to https only',
      todo: 'put a proxy with a certificate before the relay, and name its URL',
    });
  }
  if (warnings.length > 0) return { findings: warnings, reached: true };
  return {
    findings: [{ area, name: 'environment', verdict: 'ok', detail: 'every setting can be read', todo: null }],
    reached: true,
  };
};
