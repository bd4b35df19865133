import { connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';
import { createPrisma } from '../../src/coherence/client.ts';
import { EVERYTHING, namesOf, tagsOf } from '../../src/features/properties/tags.ts';
import type { TagNames } from '../../src/platform/tag-names.ts';

/** A listing as Prisma takes it. */
export const LISTING = { title: 'Flat in Osu', description: 'Quiet.', price: '1200.00', location: 'Accra' };

/** Ten million more than any row's id. */
export const NO_SUCH_ID = 10_000_000;

/** The client of the service; `take` gives the invalidations since it was last called, each as its tags. */
export function recording(t: Test, url: string) {
  const invalidations: string[] = [];
  let last: TagNames = new Map();
  const output = {
    /** Called at every invalidation that has tags, and awaited. */
    during: async (): Promise<void> => {},
    take: () => invalidations.splice(0),
    /** What the tags of the last one stand for. */
    takeNames: () => Object.fromEntries(last),
  };
  let idle: (error: Error) => void = () => {};
  const idleLoss = new Promise<Error>((resolve) => {
    idle = resolve;
  });
  const prisma = createPrisma({
    url,
    tagsOf: { Property: tagsOf },
    namesOf: { Property: namesOf },
    everything: EVERYTHING,
    invalidate: async (tags, names) => {
      last = names;
      if (tags.length === 0) return;
      invalidations.push([...tags].sort().join(' '));
      await output.during();
    },
    onConnectionLost: (error) => idle(error),
  });
  t.teardown(() => prisma.$disconnect());
  return { prisma, output, idleLoss };
}

interface Loss {
  /** What is sent to the server, and done there, but never answered. */
  readonly text: string;
  /** What the client gets in place of the answer; unless told otherwise, the end of its connection. */
  readonly instead?: (client: Socket) => void;
}

/** A way to the server on which answers are lost. */
export async function losingAnswers(t: Test, target: string, loss: Loss): Promise<string> {
  const { text, instead = (client) => client.destroy() } = loss;
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}); // The other side hears of its end.
    }
    let asked = false;
    client.on('data', (bytes) => {
      asked ||= bytes.includes(text);
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (asked) instead(client);
      else client.write(bytes);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  const url = new URL(target);
  url.host = await new Promise<string>((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('a TCP server has a port'));
      else resolve(`127.0.0.1:${address.port}`);
    });
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return url.href;
}
