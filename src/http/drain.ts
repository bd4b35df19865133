import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fp from 'fastify-plugin';
import type { Handler } from '../http-cache/index.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** How connections are ended before the service ends. */
    drain: Drain;
  }
}

/** Decorates `app.drain`; draining begins when the application closes, at the latest. */
export const drain = fp(
  async (app) => {
    const draining = new Drain(app.server);
    app.decorate('drain', draining);
    app.front.use('drain', draining.stage);
    app.addHook('preClose', async () => draining.begin());
    app.addHook('onSend', (request, reply, _payload, done) => {
      draining.sending(request.raw.socket, reply.raw);
      done();
    });
  },
  { name: 'drain', fastify: '5.x' },
);

/**
 * Ends each connection with the next answer on it, from `begin` on. A client keeps an idle connection for its next request:
 * `close` would wait a minute for the client to end it, or end it just as the client sends a request, which is then lost.
 */
class Drain {
  readonly #sockets = new Set<Socket>();
  /** The last response to be sent on a connection: before `begin` only where it waits for another one, afterwards always. */
  readonly #newest = new WeakMap<Socket, ServerResponse>();
  #begun = false;
  #isUnready = false;

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    const closeIdle = server.closeIdleConnections.bind(server);
    server.closeIdleConnections = () => this.#sparing(closeIdle);
  }

  /** The service is about to end, and should get no new clients. */
  get isUnready(): boolean {
    return this.#isUnready;
  }

  /** Sees every request, because pipelined ones have to be known when draining begins. */
  readonly stage = (request: IncomingMessage, response: ServerResponse, next: Handler): void => {
    if (this.#begun) this.#closeAfter(request.socket, response);
    else if (response.socket === null) this.#newest.set(request.socket, response);
    next(request, response);
  };

  /** @param options.unready whether `/health/ready` says so: not if another process goes on at the same address */
  begin({ unready = true } = {}): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#isUnready = unready;
  }

  /** Makes the response the last one on its connection: Node then sends `Connection: close`. */
  #closeAfter(socket: Socket, response: ServerResponse): void {
    const before = this.#newest.get(socket);
    if (before && !before.headersSent) before.shouldKeepAlive = true; // It is pipelined: another one follows.
    this.#newest.set(socket, response);
    response.shouldKeepAlive = false;
  }

  /** To be called before the headers of a response are sent, for requests that had arrived before `begin`. */
  sending(socket: Socket, response: ServerResponse): void {
    const newest = this.#pending(socket) ?? response;
    if (this.#begun && newest === response) response.shouldKeepAlive = false;
  }

  #pending(socket: Socket): ServerResponse | undefined {
    const newest = this.#newest.get(socket);
    return newest?.writableFinished ? undefined : newest;
  }

  /** Node takes a connection for idle as soon as the answer was handed to the socket, although a slow client has not received it. */
  #sparing(closeIdle: () => void): void {
    const sending = [...this.#sockets].filter(
      (socket) => socket.writableLength > 0 || this.#pending(socket) !== undefined,
    );
    for (const socket of sending) {
      socket.destroy = () => {
        if (!this.#pending(socket)) socket.destroySoon();
        return socket;
      };
    }
    closeIdle();
    for (const socket of sending) Reflect.deleteProperty(socket, 'destroy');
  }
}
