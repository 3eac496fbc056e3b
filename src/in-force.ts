/** What is in force: a rule set, the destinations that were made of it, and what the last reload found wrong. */
import { createDestination, type DestinationPorts } from './destination/create.ts';
import type { Destination } from './destination/destination.ts';
import { createDrawingNoSecrets } from './operate/draw-without-secrets.ts';
import { createRedactor, quotingNoSecrets } from './observe/redact.ts';
import type { RuleSet } from './rules/rule-set.ts';
import { secretsOf } from './rules/secrets.ts';

export type InForce = ReturnType<typeof createInForce>;

/** What is only drawn: a template that fails counts nowhere, and no secret is shown. */
export interface Drawing extends Pick<DestinationPorts, 'render'> {
  /** Masks every secret in a text. */
  clean: (text: string) => string;
}

/** Throws when a destination can't be made. */
export function createInForce(first: RuleSet, ports: DestinationPorts, { render, clean }: Drawing) {
  const drawingPorts = { ...ports, render };
  const drawingNoSecrets = createDrawingNoSecrets(clean);

  function made(rules: RuleSet) {
    const clean = createRedactor(secretsOf(rules));
    const destinations = [...rules.destinations.values()].map((config) => createDestination(config, ports));
    return {
      rules,
      loadedAtMs: ports.clock.now(),
      destinations: new Map<string, Destination>(destinations.map((each) => [each.name, quotingNoSecrets(each, clean)])),
      drawing: null as ReadonlyMap<string, Destination> | null,
      router: { version: rules.version, plan: rules.plan },
    };
  }
  let current = made(first);
  let problems: readonly string[] = [];

  return {
    rules: () => current.rules,
    destinations: (): ReadonlyMap<string, Destination> => current.destinations,
    /** The same destinations, for those who only want to see what would be sent. */
    drawing: (): ReadonlyMap<string, Destination> =>
      (current.drawing ??= new Map(
        [...current.rules.destinations].map(([name, config]) => [
          name,
          drawingNoSecrets(createDestination(config, drawingPorts)),
        ]),
      )),
    router: () => current.router,
    /** When the rules in force were loaded, epoch ms, and what the last reload found wrong; nothing when the files are in force. */
    reloads: () => ({ loadedAtMs: current.loadedAtMs, problems }),
    /** Throws, and changes nothing, when a destination can't be made. */
    replace(next: RuleSet): void {
      current = made(next);
    },
    report(found: readonly string[]): void {
      problems = found;
    },
  };
}
