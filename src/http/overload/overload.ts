import fp from 'fastify-plugin';
import type { Stage } from '../../http-cache/index.ts';
import { Gate } from './gate.ts';
import { Pressure } from './pressure.ts';
import { refuse } from './refusal.ts';
import { RefusedLog } from './refused-log.ts';

/** Routes that are answered even under overload: those that show it, and streams that last for hours. */
const ALWAYS_ANSWERED = /^\/(health|metrics|dashboard)(\/|\?|$)/;

/** How many queries may wait for a connection to PostgreSQL: enough to keep every connection in use. */
const MAX_WAITING_QUERIES = 8;

/** How late the event loop may be on average. Milliseconds. */
const MAX_DELAY_MS = 200;

/** How long a request may wait before it is begun, for how long the oldest is begun first, and how many may wait. */
const PATIENCE_MS = 500;
const IN_ORDER_MS = 250;
const MAX_WAITING = 10_000;

export interface OverloadOptions {
  /** How many queries wait for a connection to PostgreSQL. */
  waitingQueries(): number;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Requests that wait to be begun, those that were refused since the start, and whether the process itself is late. */
    overload: { readonly waiting: number; readonly refused: number; readonly underPressure: boolean };
  }
}

type Arrival = Parameters<Stage>;

/**
 * Keeps the service as fast under any load as it is at its peak: a request that cannot be begun in time is refused with
 * 503 and `Retry-After`, before anything is done for it. That is decided before Fastify's router, and after the fast path
 * (src/http/front.ts).
 */
export const overload = fp<OverloadOptions>(
  async (app, { waitingQueries }) => {
    const { loopDelayMs = MAX_DELAY_MS, gateMs = PATIENCE_MS } = app.times;
    const pressure = new Pressure(loopDelayMs);
    app.addHook('onListen', async () => pressure.start());
    app.addHook('onClose', async () => pressure.stop());
    const refused = new RefusedLog(app.log);
    const gate = new Gate<Arrival>({
      isFull: () => waitingQueries() >= MAX_WAITING_QUERIES || pressure.isHigh,
      enter: ([request, response, next]) => next(request, response),
      refuse: ([, response]) => {
        refused.count();
        refuse(response);
      },
      isGone: ([request]) => request.socket.destroyed,
      patienceMs: gateMs,
      inOrderMs: IN_ORDER_MS,
      maxWaiting: MAX_WAITING,
    });
    const state = {
      get waiting() {
        return gate.waiting;
      },
      get refused() {
        return refused.total;
      },
      get underPressure() {
        return pressure.isHigh;
      },
    };
    app.decorate('overload', state);
    app.front.use('loadGate', (request, response, next) => {
      if (ALWAYS_ANSWERED.test(String(request.url))) next(request, response);
      else gate.arrive([request, response, next]);
    });
    app.addHook('preClose', async () => gate.open());
  },
  { name: 'overload', fastify: '5.x' },
);
