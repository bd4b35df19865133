import { lookup as lookupName } from 'node:dns/promises';
import type { FastifyInstance } from 'fastify';
import { CannotListen } from '../errors.ts';
import { codeOf, takeStep } from '../platform/index.ts';

/** How many connections may wait to be accepted, if the system allows so many: any further one is tried again a second later. */
const BACKLOG = 4_096;

/** The system's errors for an address of a name that the machine does not have, such as `::1` where IPv6 is off. */
const ABSENT = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

const OTHER_HOST =
  'this machine has no such address: set HOST to one that it has, 127.0.0.1 for clients on it only or 0.0.0.0 for all';
const NO_ADDRESS = 'no address is known for this name: correct HOST';

/** What to do, by what the system says. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'stop what listens there already, or correct HOST and PORT'],
  ['EADDRNOTAVAIL', OTHER_HOST],
  ['EAFNOSUPPORT', OTHER_HOST],
  ['ENOTFOUND', NO_ADDRESS],
  ['EAI_AGAIN', NO_ADDRESS],
  ['EACCES', 'this user may not listen at such a port: set PORT to one from 1024 on'],
]);

/** All addresses of a name, the preferred one first. */
type Lookup = (name: string) => Promise<readonly { readonly address: string }[]>;

/**
 * Makes the application listen at `HOST` and `PORT`, and resolves with the address: for `localhost` on each address of the
 * name, since a client may use any.
 *
 * @throws CannotListen
 */
export async function listen(
  app: FastifyInstance,
  lookup: Lookup = (name) => lookupName(name, { all: true }),
): Promise<string> {
  const { HOST: host, PORT: port } = app.config;
  try {
    const found = host === 'localhost' ? (await lookup(host)).map(({ address }) => address) : [host];
    const step = { step: 'listen', waitsFor: `${host}:${port}` };
    return await takeStep(app.log, step, () => listenOn(app, [...new Set(found)], port));
  } catch (error) {
    const code = String(codeOf(error));
    throw new CannotListen(`${host}:${port}`, code, ADVICE.get(code) ?? 'correct HOST and PORT');
  }
}

/** Listens on the first address with Fastify, and on the others at the same port. */
async function listenOn(
  app: FastifyInstance,
  [host = '', ...others]: string[],
  port: number,
): Promise<string> {
  try {
    const address = await app.listen({ host, port, backlog: BACKLOG });
    for (const other of others) await listenAlso(app, other);
    return address;
  } catch (error) {
    if (app.server.listening || others.length === 0 || !isAbsent(error)) throw error;
    return listenOn(app, others, port);
  }
}

async function listenAlso(app: FastifyInstance, host: string): Promise<void> {
  const [{ port } = { port: 0 }] = app.addresses().filter((address) => typeof address === 'object');
  try {
    await app.front.server.listenAlso({ host, port, backlog: BACKLOG });
    app.log.info(`Server listening at ${host}, port ${port}, too`);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

const isAbsent = (error: unknown): boolean => ABSENT.has(String(codeOf(error)));
