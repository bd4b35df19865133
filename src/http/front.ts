import type { ServerOptions } from 'node:http';
import { NoTunnel } from '../errors.ts';
import type { Handler, Stage } from '../http-cache/index.ts';
import { MultiAddressServer } from './multi-address-server.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The stages between this application's sockets and its router. */
    front: Front;
  }
}

/**
 * The stages before Fastify's router, in the order in which every request passes them, whatever the order in which plugins
 * added them.
 *
 * 1. `drain` sees every request, so that while the service drains each connection is closed with its last answer.
 * 2. `fastPath` answers plain hits from the cache. It comes before the gate because a hit takes no longer than a refusal:
 *    hits are never refused.
 * 3. `loadGate` lets in as many of the other requests as can be answered in time.
 */
const ORDER = ['drain', 'fastPath', 'loadGate'] as const;

export type StageName = (typeof ORDER)[number];

/**
 * The server of an application, which `serverFactory` gives to Fastify, and the stages before its router. Plugins add their
 * stage to `app.front`.
 */
export class Front {
  readonly server: MultiAddressServer;
  readonly #stages = new Map<StageName, Stage>();
  #router: Handler | undefined;
  #first: Handler | undefined;

  constructor(options: ServerOptions = {}) {
    this.server = new MultiAddressServer(options);
    // request-head.ts decides whether a request with `Expect` is continued or answered 417.
    for (const event of ['request', 'checkContinue', 'checkExpectation']) this.server.on(event, this.#handle);
    this.server.on('connect', (_, socket) => {
      socket.on('error', () => socket.destroy()); // Node does not handle errors of this socket.
      this.server.emit('clientError', new NoTunnel(), socket);
    });
  }

  /** Fastify's option of this name. */
  readonly serverFactory = (router: Handler): MultiAddressServer => {
    this.#router = router;
    this.#link();
    return this.server;
  };

  use(name: StageName, stage: Stage): void {
    this.#stages.set(name, stage);
    this.#link();
  }

  #link(): void {
    this.#first = ORDER.reduceRight((next, name) => {
      const stage = this.#stages.get(name);
      return stage && next ? (request, response) => stage(request, response, next) : next;
    }, this.#router);
  }

  readonly #handle: Handler = (request, response) => {
    const target = String(request.url);
    if (!target.startsWith('/')) request.url = originForm(target);
    this.#first?.(request, response);
  };
}

/** `http://host/path` as `/path`: every server has to take both, and they ask for the same (RFC 9112 §3.2.2). */
function originForm(target: string): string {
  const rest = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest;
}
