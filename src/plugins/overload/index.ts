import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import fp from 'fastify-plugin';
import { Gate } from './gate.ts';
import { refuse } from './refusal.ts';
import { RefusedLog } from './refused-log.ts';

/** What has to be answered most of all when nothing else is, and streams that are waited on for hours. */
const ALWAYS_ANSWERED = /^\/(health|metrics|dashboard)(\/|\?|$)/;

/** How many queries may wait for a connection to PostgreSQL, so that none is ever free for long. */
const MAX_WAITING_QUERIES = 8;

/** How late the event loop may be on average, and over what time that is taken. Milliseconds. */
const MAX_DELAY_MS = 200;
const SAMPLE_MS = 250;

/** How much of the memory that V8 may take may be in use. */
const MAX_HEAP_SHARE = 0.9;

/** How long a request may wait before it is begun, until when that is in the order of arrival, and how many may. */
const PATIENCE_MS = 500;
const IN_ORDER_MS = 250;
const MAX_WAITING = 10_000;

export interface OverloadOptions {
  /** How many queries wait for a connection to PostgreSQL. */
  waitingQueries(): number;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Requests that wait to be begun, and those that were refused since the start. */
    overload: { readonly waiting: number; readonly refused: number };
  }
}

type Exchange = [request: IncomingMessage, response: ServerResponse];

/**
 * Keeps the service as fast under any load as it is at its peak: a request that cannot be begun in time is refused with
 * 503 and `Retry-After`, before anything is done for it. That is decided before Fastify's router, and after the hits that
 * are answered before it: a hit takes as long as a refusal, so hits are never refused.
 */
export const overload = fp<OverloadOptions>(
  async (app, { waitingQueries }) => {
    await app.register(underPressure, {
      maxEventLoopDelay: MAX_DELAY_MS,
      maxHeapUsedBytes: MAX_HEAP_SHARE * getHeapStatistics().heap_size_limit,
      sampleInterval: SAMPLE_MS,
      pressureHandler: () => {}, // What has been let in is answered.
    });
    const refused = new RefusedLog(app.log);
    const theLongWay = new EventEmitter();
    const gate = new Gate<Exchange>({
      isFull: () => waitingQueries() >= MAX_WAITING_QUERIES || app.isUnderPressure(),
      enter: (exchange) => theLongWay.emit('request', ...exchange),
      refuse: ([, response]) => {
        refused.count();
        refuse(response);
      },
      isGone: ([request]) => request.socket.destroyed,
      patienceMs: PATIENCE_MS,
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
    };
    app.decorate('overload', state);

    app.addHook('onReady', async function standBeforeTheRouter() {
      for (const listener of app.server.listeners('request')) {
        theLongWay.on('request', (...exchange) => Reflect.apply(listener, app.server, exchange));
      }
      app.server.removeAllListeners('request');
      app.server.on('request', (...exchange) => {
        if (ALWAYS_ANSWERED.test(String(exchange[0].url))) theLongWay.emit('request', ...exchange);
        else gate.arrive(exchange);
      });
    });
    app.addHook('preClose', async () => gate.open());
  },
  { name: 'overload', fastify: '5.x' },
);
