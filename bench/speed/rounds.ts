import type { Case, CaseName } from './cases.ts';
import type { Work } from './load/job.ts';
import type { Load } from './load.ts';
import type { Encoding } from './pages.ts';
import type { Reading } from './server.ts';
import type { Servers, ServiceName, Setting } from './setting.ts';

/** What one case did in one round. */
export interface Measured extends Work {
  /** How late the server's event loop was. Milliseconds. */
  readonly delay: Pick<Reading, 'p99' | 'max'>;
}

/** Resident bytes of a service: before the first round that counts, after half of them and after the last. */
export interface Memory {
  readonly before: number;
  readonly half: number;
  readonly after: number;
}

/** Of one number of rows. */
export interface Outcome {
  readonly rows: number;
  /** What the service sends of the page; undefined in an encoding that it does not send. */
  readonly bytes: Readonly<Record<Encoding, number | undefined>>;
  /** One for each round; none of a case that was not measured. */
  of(name: CaseName, encoding?: Encoding): readonly Measured[];
  memory(name: ServiceName): Memory;
}

export interface RoundsOptions {
  readonly load: Load;
  readonly rounds: number;
  readonly milliseconds: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Not counted: the largest program takes seconds until it is compiled to what it will be. */
const WARM_UP_ROUNDS = 2;

/**
 * Every case once a round, each round beginning with the next one: what else the machine does meanwhile weighs on
 * all alike.
 */
export async function measure(
  setting: Setting,
  cases: readonly Case[],
  { rounds, signal, say, ...how }: RoundsOptions,
): Promise<Outcome> {
  const { servers, rows, pages } = setting;
  const measured = new Map<string, Measured[]>();
  const resident = new Map<number, Resident>(); // After each round.
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round += 1) {
    for (const [index, one] of rotated(cases, WARM_UP_ROUNDS + round).entries()) {
      signal.throwIfAborted();
      const result = await measureOne(one, how);
      if (round > 0) appended(measured, keyOf(one.name, one.encoding)).push(result);
      say(
        `${rows} rows, round ${round} of ${rounds}, ${index + 1} of ${cases.length}: ${one.name} ${one.encoding}`,
      );
    }
    resident.set(round, await residentBytes(servers));
  }
  return {
    rows,
    bytes: { identity: pages.identity?.body.length, gzip: pages.gzip?.body.length },
    of: (name, encoding = 'identity') => measured.get(keyOf(name, encoding)) ?? [],
    memory: (name) => {
      const after = (round: number) => resident.get(round)?.[name] ?? Number.NaN;
      return { before: after(0), half: after(rounds >> 1), after: after(rounds) };
    },
  };
}

type Resident = Readonly<Record<ServiceName, number>>;

async function measureOne(
  { name, encoding, server, job }: Case,
  { load, milliseconds }: Pick<RoundsOptions, 'load' | 'milliseconds'>,
): Promise<Measured> {
  try {
    await server.ask({ watch: true });
    const work = await load.do({ ...job, port: server.port, milliseconds });
    return { ...work, delay: await server.ask({ watch: false }) };
  } catch (error) {
    throw new Error(`${name} ${encoding} could not be measured`, { cause: error });
  }
}

async function residentBytes(servers: Servers): Promise<Resident> {
  const rss = async (name: ServiceName) => (await servers[name].ask({ watch: false })).rss;
  return {
    service: await rss('service'),
    silent: await rss('silent'),
    remote: await rss('remote'),
    slowPath: await rss('slowPath'),
  };
}

const keyOf = (name: CaseName, encoding: Encoding) => `${name} ${encoding}`;

function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function appended<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
