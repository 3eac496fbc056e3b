/** A person's word before something is done that can't be taken back. */
import { confirm } from './confirm.ts';
import { CommandFailure } from './rules.ts';

/** To be called before anything is looked at. `what`: `replay them`. */
export function requireTerminal(what: string): void {
  if (process.stdin.isTTY) return;
  throw new CommandFailure(2, `there is no terminal to ask on: to ${what} without being asked, add --yes`);
}

/** `refused`: what is said after a no, which is exit code 1. */
export async function consents(question: string, refused: string): Promise<boolean> {
  const consent = await confirm(question, process.stdin, process.stderr);
  if (consent) return true;
  process.stderr.write(`${refused}\n`);
  process.exitCode = 1;
  return false;
}
