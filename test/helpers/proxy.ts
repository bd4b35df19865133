import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Scope } from '../../support/scope.ts';

export interface Network {
  /** The target's URL, by way of the proxy. */
  readonly url: string;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
  /**
   * Forwards nothing any more, in neither direction, and closes nothing: a network that loses every packet. New
   * connections are accepted and get no answer.
   */
  drop(): void;
  /** Undoes `cut` and `drop`. What was sent meanwhile arrives late, as what TCP sends again does. */
  mend(): Promise<void>;
}

/** A TCP proxy before the server of a URL: a network that a test can cut, drop and mend. */
export async function proxyTo(t: Scope, target: string): Promise<Network> {
  const { hostname, port } = new URL(target);
  const sockets = new Map<Socket, Socket>();
  let dropping = false;

  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    join(client, upstream);
    join(upstream, client);
  });

  function join(socket: Socket, other: Socket): void {
    sockets.set(socket, other);
    socket.on('error', () => {}); // The other side hears of its end.
    socket.on('close', () => {
      if (dropping) return; // Neither side is notified until it is mended.
      sockets.delete(socket);
      other.destroy();
    });
    if (!dropping) socket.pipe(other);
  }

  function drop(): void {
    dropping = true;
    for (const [socket, other] of sockets) {
      socket.unpipe(other);
      socket.pause();
    }
  }

  function forward(): void {
    dropping = false;
    for (const [socket, other] of sockets) {
      if (!socket.destroyed) socket.pipe(other);
      else {
        sockets.delete(socket);
        other.destroy();
      }
    }
  }

  async function listen(port: number): Promise<number> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    return address.port;
  }

  async function cut(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets.keys()) socket.destroy();
    await closed;
  }

  const url = new URL(target);
  const chosen = await listen(0);
  url.host = `127.0.0.1:${chosen}`;
  t.teardown(cut);

  async function mend(): Promise<void> {
    if (dropping) forward();
    if (!server.listening) await listen(chosen);
  }
  return { url: url.href, cut, drop, mend };
}
