import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';
import type { Store } from '../../../src/cache/stores/store.ts';
import { forwardingApp } from '../../fixtures/forwarding.ts';

/** When the clock of every test starts: a whole second, as dates of HTTP are. */
export const START = Date.UTC(2026, 0, 15, 12);

/** What the origin answers with, unless a test says otherwise: 200, and the number of the request as its body. */
export interface Answer {
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

export interface CacheRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export type Script = (asked: CacheRequest, response: ServerResponse) => Answer | Promise<Answer>;

const BYTES = 64 * 1024 * 1024;

/** An origin whose answers a test scripts, and the page layer in front of it, both with the same clock. */
export async function forwarding(
  t: Test,
  first: Script | Answer = {},
  store: Store = new MemoryStore(BYTES),
) {
  let time = START;
  let script = first;
  const asked: CacheRequest[] = [];
  const waiting = new Map<number, () => void>();
  const origin = createServer(async ({ method = '', url = '', headers }, response) => {
    const question = { method, url, headers };
    asked.push(question);
    const number = asked.length;
    waiting.get(number)?.();
    const answer = typeof script === 'function' ? await script(question, response) : script;
    const { status = 200, body = String(number) } = answer;
    const hasBody = status !== 204 && status !== 205 && status !== 304;
    response.writeHead(status, { date: new Date(time).toUTCString(), ...answer.headers });
    response.end(hasBody ? body : undefined);
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const { port } = origin.address() as AddressInfo;
  const app = await forwardingApp({ origin: new URL(`http://127.0.0.1:${port}`), store, now: () => time });
  const leave = () => {
    origin.closeAllConnections();
    return new Promise((resolve) => origin.close(resolve));
  };
  t.teardown(async () => {
    await app.close();
    await leave();
  });
  const ask = (method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE', url = '/', headers = {}) =>
    app.inject({ method, url, headers });
  return {
    app,
    asked,
    ask,
    get: (headers: Record<string, string> = {}, url = '/') => ask('GET', url, headers),
    /** The origin's next answers. */
    answer: (next: Script | Answer) => {
      script = next;
    },
    advance: (seconds: number) => {
      time += seconds * 1000;
    },
    /** A date of HTTP, so many seconds from now. */
    date: (seconds = 0) => new Date(time + seconds * 1000).toUTCString(),
    /** Nothing listens at the origin any more. */
    leave,
    /** Resolves when the origin has been asked so many times. */
    wasAsked: (times: number) =>
      asked.length >= times ? Promise.resolve() : new Promise<void>((resolve) => waiting.set(times, resolve)),
  };
}
