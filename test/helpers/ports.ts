import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Random } from '../../support/random.ts';

/**
 * Ports that no system gives to outgoing connections: no other process takes one while its server is away, and a client
 * that keeps trying cannot be connected to itself.
 */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/** Of the process, not of a seed: others may look for ports at the same time. */
const random = new Random(process.pid);

export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + random.below(PORTS);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening'); // Rejects at an error.
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Whether a server accepts connections at the port of this machine. */
export async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
