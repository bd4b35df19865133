import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Context } from '../../context.ts';
import { pick, toHeaders } from './headers.ts';

/** What the client that caused a refresh wants for itself; its conditions are left out of every load for the cache. */
const OF_CLIENT = new Set(['cache-control', 'pragma']);

/**
 * Requests to this very server, by nobody, that refresh a page which was served stale meanwhile (RFC 5861 §3); one at
 * a time for a page. They are known by their context, which no request from outside can have.
 */
export class Refreshes {
  readonly #app: FastifyInstance;
  readonly #running = new Set<string>();
  readonly #context = new Context<true>();

  constructor(app: FastifyInstance) {
    this.#app = app;
  }

  /** Whether this is one of them. */
  get isRunning(): boolean {
    return this.#context.value === true;
  }

  begin(key: string, { raw }: FastifyRequest): void {
    if (this.#running.has(key)) return;
    this.#running.add(key);
    const { url = '/', headers } = raw;
    const asked = pick(toHeaders(headers), (name) => !OF_CLIENT.has(name));
    const done = () => this.#running.delete(key);
    const refresh = async () => await this.#app.inject({ url, headers: asked }); // It begins at `await`.
    void this.#context.run(true, refresh).then(done, done);
  }
}
