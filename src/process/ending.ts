import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { stopAccepting } from './stop-accepting.ts';
import { RETIRE } from './stop-signal.ts';

/*
 * The end of a service that listens. Orchestrators kill after ten seconds, so every step is bounded:
 *
 * 1. /health/ready says 503, each answer ends its connection, and new connections are answered as well: for
 *    DRAIN_SECONDS, in which whoever sends requests here learns to send them elsewhere. None of it after Ctrl-C, which
 *    comes from somebody who waits for the end. A worker whose place another one has taken leaves new connections to that
 *    one, and says nothing: the service goes on.
 * 2. The listener is closed. Connections without a request are closed, the others with the answer to theirs.
 * 3. What is not finished by then is cut off.
 * 4. What the service had open is closed: PostgreSQL, Redis. Whatever hangs there is left to its fate.
 */

/** When the third step comes, and when the last one is over. Milliseconds after the reason to end. */
export const CUT_MS = 7_000;
export const GIVE_UP_MS = 8_500;

/** Between two looks for connections whose last answer could not say so, because it was on its way. Milliseconds. */
const SWEEP_MS = 100;

/** @param cause a `StopCause`: the reason of a `stopSignal` */
export async function end(app: FastifyInstance, cause: unknown): Promise<void> {
  const { config, lastAnswers, log, server } = app;
  const cut = setTimeout(() => {
    log.warn('cutting off the requests that are not finished');
    server.closeAllConnections();
  }, CUT_MS);
  const seconds = cause === 'SIGINT' ? 0 : config.DRAIN_SECONDS;
  if (cause === RETIRE) await stopAccepting(server);
  lastAnswers.begin({ unready: cause !== RETIRE });
  log.info({ cause, seconds }, 'stopping: each connection ends with its next answer');
  if (seconds > 0) await delay(seconds * 1_000);
  if (cause !== RETIRE) await stopAccepting(server);
  log.info('stopping: no new connections, and finishing the requests that have begun');
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  await app.close();
  clearInterval(sweep);
  clearTimeout(cut);
  log.info('stopped');
}
