import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { stopAccepting } from './stop-accepting.ts';
import { RETIRE } from './stop-signal.ts';

/*
 * The end of a service that listens. Orchestrators kill after ten seconds, so every step is bounded:
 *
 * 1. It drains for DRAIN_SECONDS: /health/ready says 503, each answer ends its connection, and new connections are still
 *    answered. In that time load balancers stop sending requests here. After Ctrl-C it does not drain, because the person at the
 *    terminal waits for the end. A worker that another one has replaced leaves new connections to that one, and
 *    /health/ready goes on saying 200, because the service goes on.
 * 2. The listeners are closed. Idle connections are closed at once, the others with their next answer.
 * 3. Requests that are not finished by then are cut off.
 * 4. The connections to PostgreSQL and Redis are closed. Those that hang are abandoned.
 */

/** When the third step begins, and when the process ends in any case. Milliseconds after the signal. */
export const CUT_MS = 7_000;
export const GIVE_UP_MS = 8_500;

/** Between two closings of idle connections: an answer that was being sent when draining began has not closed its own. Milliseconds. */
const SWEEP_MS = 100;

/** @param cause a `StopCause`: the reason of a `stopSignal` */
export async function end(app: FastifyInstance, cause: unknown): Promise<void> {
  const { config, drain, log, front } = app;
  const { server } = front;
  const cut = setTimeout(() => {
    log.warn('cutting off the requests that are not finished');
    server.closeAllConnections();
  }, CUT_MS);
  const seconds = cause === 'SIGINT' ? 0 : config.DRAIN_SECONDS;
  if (cause === RETIRE) await stopAccepting(server);
  drain.begin({ unready: cause !== RETIRE });
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
