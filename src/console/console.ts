/** The console: pages for whoever is on call. To be mounted at `/console`. */
import { Hono, type MiddlewareHandler } from 'hono';
import type { Readiness } from '../http/app.ts';
import type { Hash, Random } from '../ports.ts';
import { answerWith } from './answer.ts';
import { createAssets, type ConsoleAssets } from './assets.ts';
import { cleanOperations, cleanSilences } from './clean-operations.ts';
import type { PageDeps } from './deps.ts';
import { addDeliveryPages } from './deliveries/pages.ts';
import { addDestinationPages } from './destinations/pages.ts';
import { addEventPages } from './events/pages.ts';
import { guard } from './guard.ts';
import { guardAnswers } from './headers.ts';
import { addIncidentPages } from './incidents/pages.ts';
import { addNowPages } from './now/pages.ts';
import { addRulePages } from './rules/pages.ts';
import { createSessions, type Frame } from './session.ts';
import { addSignIn, addSignOut } from './sign-in/pages.ts';
import { addSilencePages } from './silences/pages.ts';

export interface ConsoleOptions extends PageDeps {
  /** RELAY_ADMIN_TOKEN. Undefined: the console is off, and says so. */
  token: string | undefined;
  readiness: () => Readiness;
  random: Random;
  hash: Hash;
  /** Masks every secret in a text. */
  clean: (text: string) => string;
  assets: ConsoleAssets;
  version: string;
}

export function createConsole(options: ConsoleOptions): Hono {
  const { token, readiness, random, hash, clean, assets, version, clock, reader, log } = options;
  const deps: PageDeps = {
    operations: cleanOperations(options.operations, clean),
    silences: cleanSilences(options.silences, clean),
    clock,
    reader,
    log,
  };
  const app = new Hono();
  const served = createAssets(assets, hash);
  const frame: Frame = { assets: served.paths, version };

  app.use(guardAnswers(clean));
  app.use(within(frame));
  app.onError((error, context) => {
    log.error({ err: error }, 'console: a page failed inside the relay');
    return answerWith(context, 500, 'The relay failed on this page', 'The reason is in its log. Events are taken all the same.');
  });
  served.addRoutes(app);
  if (token === undefined) {
    app.all('*', (context) =>
      answerWith(context, 403, 'The console is off', 'To turn it on, set RELAY_ADMIN_TOKEN and start the relay anew.'),
    );
    return app;
  }

  const sessions = createSessions({ token, clock, random, hash });
  addSignIn(app, { token, sessions, frame, reader, clock, random, hash, log });
  app.use(guard({ sessions, frame, reader, log }));
  addSignOut(app, sessions);
  addNowPages(app, { ...deps, readiness });
  addEventPages(app, deps);
  addIncidentPages(app, deps);
  addDeliveryPages(app, deps);
  addDestinationPages(app, deps);
  addRulePages(app, deps);
  addSilencePages(app, deps);
  app.all('*', (context) =>
    answerWith(context, 404, 'There is no such page', 'Everything there is stands in the navigation above.'),
  );
  return app;
}

/** So that refusals, too, can be drawn as pages. */
function within(frame: Frame): MiddlewareHandler {
  return async (context, next) => {
    context.set('frame', frame);
    await next();
  };
}
