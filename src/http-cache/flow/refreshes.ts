import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { pick, toHeaders } from '../rules/headers.ts';

/** Fields of the request that caused a refresh which are not copied: they hold for its client only. Its conditions are left out of every load. */
const OF_CLIENT = new Set(['cache-control', 'pragma']);

/**
 * Requests that the server makes to itself to refresh a page which was served stale meanwhile (RFC 5861 §3): one at a time
 * for a page. They are recognised by their context, which no request from outside can have.
 */
export class Refreshes {
  readonly #app: FastifyInstance;
  readonly #running = new Set<string>();
  readonly #context = new AsyncLocalStorage<true>();

  constructor(app: FastifyInstance) {
    this.#app = app;
  }

  /** Whether the code that runs now does so for such a request. */
  get isRunning(): boolean {
    return this.#context.getStore() === true;
  }

  begin(key: string, { raw }: FastifyRequest): void {
    if (this.#running.has(key)) return;
    this.#running.add(key);
    const { url = '/', headers } = raw;
    const sent = pick(toHeaders(headers), (name) => !OF_CLIENT.has(name));
    const done = () => this.#running.delete(key);
    const refresh = async () => await this.#app.inject({ url, headers: sent }); // It begins at `await`.
    void this.#context.run(true, refresh).then(done, done);
  }
}
