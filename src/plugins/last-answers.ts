import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyInstance {
    /** How its connections come to their end. */
    lastAnswers: LastAnswers;
  }
}

/** Decorates `app.lastAnswers`, which begin with the closing at the latest. */
export const lastAnswers = fp(
  async (app) => {
    const last = new LastAnswers(app.server);
    app.decorate('lastAnswers', last);
    app.addHook('onListen', async () => last.watch());
    app.addHook('preClose', async () => last.begin());
    app.addHook('onSend', (request, reply, _payload, done) => {
      last.sending(request.raw.socket, reply.raw);
      done();
    });
  },
  { name: 'last-answers', fastify: '5.x' },
);

/**
 * Ends each connection with the next answer on it, once they have begun. A client keeps one that it used for later: until
 * it goes by itself, after a minute, `close` would wait for it, and what it sends at the moment at which it is closed is lost.
 */
export class LastAnswers {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Of responses that wait for another one on their connection, and later of all, the last to be sent. */
  readonly #newest = new WeakMap<Socket, ServerResponse>();
  #begun = false;
  #isUnready = false;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    const closeIdle = server.closeIdleConnections.bind(server);
    server.closeIdleConnections = () => this.#sparing(closeIdle);
  }

  /** The service is about to end, and nobody new should be sent to it. */
  get isUnready(): boolean {
    return this.#isUnready;
  }

  /** Sees every request before anybody else does: clients that do not wait have to be known when it begins. */
  watch(): void {
    this.#server.prependListener('request', ({ socket }, response) => {
      if (this.#begun) this.#asked(socket, response);
      else if (response.socket === null) this.#newest.set(socket, response);
    });
  }

  /** @param options.unready whether `/health/ready` says so; another process at the same address may go on */
  begin({ unready = true } = {}): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#isUnready = unready;
  }

  /** Node says `Connection: close` where a response is not to keep its connection. */
  #asked(socket: Socket, response: ServerResponse): void {
    const before = this.#newest.get(socket);
    if (before && !before.headersSent) before.shouldKeepAlive = true; // A client that does not wait has asked more.
    this.#newest.set(socket, response);
    response.shouldKeepAlive = false;
  }

  /** For requests that had come before. */
  sending(socket: Socket, response: ServerResponse): void {
    const newest = this.#pending(socket) ?? response;
    if (this.#begun && newest === response) response.shouldKeepAlive = false;
  }

  #pending(socket: Socket): ServerResponse | undefined {
    const newest = this.#newest.get(socket);
    return newest?.writableFinished ? undefined : newest;
  }

  /** To Node a connection is idle as soon as its answer was handed over, though a slow reader has not got the half of it. */
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
