/** The options of `relay simulate`, read strictly: an empty value is a variable that is not set, and never what somebody wants. */
import { InvalidArgumentError } from 'commander';
import type { Signing } from '../simulator/signing.ts';
import type { Spelling } from '../simulator/subscription-wire.ts';
import type { Forms } from '../simulator/tell.ts';
import { CommandFailure } from './rules.ts';

export interface SimulateFlags {
  port: number;
  host: string;
  token?: string;
  webhookUrl?: string;
  app?: string[];
  secretEnv?: string;
  scheme: Signing['scheme'];
  header?: string;
  encoding?: 'hex' | 'base64';
  form: Forms['jobs'];
  spelling: Spelling;
  scenario?: string;
  speed: number;
  attempts: number;
  once?: boolean;
  json?: boolean;
}

export function signingOf({ scheme, header, encoding }: SimulateFlags): Signing {
  const tooMuch = scheme !== 'hmac-sha256' && encoding !== undefined ? '--encoding' : null;
  switch (scheme) {
    case 'hmac-sha256':
      return { scheme, ...(header !== undefined && { header }), ...(encoding && { encoding }) };
    case 'shared-secret':
      if (tooMuch) throw new CommandFailure(2, `${tooMuch} has no meaning with --scheme ${scheme}: leave it out`);
      return { scheme, ...(header !== undefined && { header }) };
    case 'standard-webhooks':
    case 'url-token': {
      const idle = header === undefined ? tooMuch : '--header';
      if (idle) throw new CommandFailure(2, `${idle} has no meaning with --scheme ${scheme}: leave it out`);
      return { scheme };
    }
  }
}

/** What an `Authorization` header can carry. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

export function parseToken(text: string): string {
  if (isToken(text)) return text;
  throw new InvalidArgumentError('Give a token: letters, digits and signs, without spaces. Leave it out for the default.');
}

/** `earlier`: those that were given before it. */
export function parseApps(text: string, earlier: string[] = []): string[] {
  return [...earlier, parseWord(text)];
}

export function parseWord(text: string): string {
  if (/^\S+$/.test(text)) return text;
  throw new InvalidArgumentError('It is empty, or has spaces in it: give one word, or leave the option out.');
}

export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('Give a port from 0 to 65535.');
}

export function parseAttempts(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a number from 1 to 999.');
}

export function parseUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('Give an http(s) URL, such as http://127.0.0.1:8787/webhooks/narrative.');
}

export function parseHeader(text: string): string {
  if (/^[A-Za-z0-9-]+$/.test(text)) return text;
  throw new InvalidArgumentError('Give the name of a header, such as X-Signature.');
}

export function parseSpeed(text: string): number {
  const speed = /^\d+(?:\.\d+)?x?$/.test(text) ? Number.parseFloat(text) : 0;
  if (speed > 0 && speed <= 100_000) return speed;
  throw new InvalidArgumentError('Give a factor over 0 and up to 100000, such as 60x.');
}
