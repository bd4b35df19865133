import { once } from 'node:events';
import { Server } from 'node:http';
import { createServer, type ListenOptions, Server as NetServer } from 'node:net';

/**
 * An HTTP server that can listen on several addresses. It has the connections of all of them, so that its limits, hooks and
 * drain hold on every address.
 */
export class MultiAddressServer extends Server {
  readonly #others: NetServer[] = [];

  /** Listens on one more address. Rejects with the system's error where that cannot be. */
  async listenAlso(options: ListenOptions): Promise<void> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true }); // As those of HTTP are.
    listener.maxConnections = this.maxConnections;
    listener.on('connection', (socket) => this.emit('connection', socket)); // nodejs.org/api/http.html#event-connection
    listener.listen(options);
    await once(listener, 'listening');
    this.#others.push(listener);
  }

  /** Closes the listeners, and no connection: the `close` of HTTP ends idle ones as well. */
  stopListening(): void {
    for (const listener of [this, ...this.#others]) NetServer.prototype.close.call(listener);
  }

  /** Calls back when the connections of every address have ended. */
  override close(done: (error?: Error) => void = () => {}): this {
    const closed = this.#others.map((listener) => new Promise((resolve) => listener.close(resolve)));
    return super.close((error) => void Promise.all(closed).then(() => done(error)));
  }
}
