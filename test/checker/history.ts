/*
 * What was written and what was read, and whether the one follows from the other. It knows neither processes nor
 * HTTP; every time is a millisecond of one clock, the checker's.
 *
 * - A row has versions: 0 is its absence before the first write, and every write makes the next one. One writer
 *   writes a row at a time, so that its versions happen in their order.
 * - A write is certain (acked), certainly not made (refused) or may have been made (unknown).
 * - A read is stale if it began after a write had been acked and saw an older version.
 */

/** Who wrote: the number of an instance, or `sql` for a client of PostgreSQL. */
export type Source = number | 'sql';

export type Outcome = 'pending' | 'acked' | 'refused' | 'unknown';

export interface Write {
  readonly row: number;
  /** 1 is the row's first. */
  readonly version: number;
  /** False: the row was deleted. */
  readonly present: boolean;
  readonly source: Source;
  readonly invoked: number;
  /** When its outcome was known; Infinity until then. */
  readonly ended: number;
  readonly outcome: Outcome;
  /** The writing instance could tell the others through the Redis that they share. */
  readonly shared: boolean;
}

export const ABSENT = 'absent';

/** A version, or that there was no such row: which of its absences cannot be seen. */
export interface Sighting {
  readonly row: number;
  readonly version: number | typeof ABSENT;
}

export interface Read {
  readonly instance: number;
  readonly began: number;
  readonly ended: number;
  readonly seen: readonly Sighting[];
  /** It was a list: rows that are not in `seen` were absent. */
  readonly whole: boolean;
}

/**
 * How a reader can know of a write:
 * - `api`: it was made on the same instance, or on one that shares its Redis and could reach it;
 * - `unshared`: made on another instance that shares no Redis, or could not reach it: by notification;
 * - `outside`: made with SQL: by notification.
 */
export type Reach = 'api' | 'unshared' | 'outside';

export const REACHES: readonly Reach[] = ['api', 'unshared', 'outside'];

export interface Stale extends Sighting {
  readonly kind: 'stale';
  readonly reach: Reach;
  /** The earliest acked version that was newer than the one seen. */
  readonly newer: number;
  /** From the ack of `newer` to the beginning of the read. Milliseconds. */
  readonly window: number;
}

/** A version that no client had asked to be written before the read ended. */
export interface Invented extends Sighting {
  readonly kind: 'invented';
}

/** At the end the table does not hold the last acked version, nor one that may have come after it. */
export interface Lost extends Sighting {
  readonly kind: 'lost';
  readonly expected: number;
}

/**
 * How long after its writer gave up a write may still happen: it may wait in a paused process or a silent
 * network, longer than any fault lasts. Milliseconds.
 */
export const LANDING_MS = 15_000;

type Ending = Pick<Write, 'ended' | 'shared'> & { readonly outcome: Exclude<Outcome, 'pending'> };

/** All writes, by row. */
export class History {
  readonly #rows = new Map<number, Write[]>();
  readonly #present = new Set<number>();

  /** Rows whose last acked version is present: those that a list must not leave out. */
  get present(): Iterable<number> {
    return this.#present;
  }

  get rows(): Iterable<number> {
    return this.#rows.keys();
  }

  /** In the order of their versions. */
  writesOf(row: number): readonly Write[] {
    return this.#rows.get(row) ?? [];
  }

  /** A write begins: it gets the row's next version. */
  invoke(begun: Pick<Write, 'row' | 'present' | 'source' | 'invoked'>): Write {
    const writes = this.#rows.get(begun.row) ?? [];
    this.#rows.set(begun.row, writes);
    const version = writes.length + 1;
    const write: Write = { ...begun, version, ended: Infinity, outcome: 'pending', shared: false };
    writes.push(write);
    return write;
  }

  end({ row, version }: Pick<Write, 'row' | 'version'>, ending: Ending): void {
    const writes = this.#rows.get(row);
    const write = writes?.[version - 1];
    if (!writes || !write) throw new Error(`row ${row} v ${version} ended before it began`);
    writes[version - 1] = { ...write, ...ending };
    if (ending.outcome !== 'acked') return;
    if (write.present) this.#present.add(row);
    else this.#present.delete(row);
  }
}

/** What is wrong with a read. To be asked when it has ended: later writes change nothing. */
export function judgeRead(history: History, read: Read): (Stale | Invented)[] {
  const findings = read.seen.flatMap((sighting) => judgeSighting(history, read, sighting));
  if (!read.whole) return findings;
  const seen = new Set(read.seen.map(({ row }) => row));
  for (const row of history.present) {
    if (!seen.has(row)) findings.push(...judgeSighting(history, read, { row, version: ABSENT }));
  }
  return findings;
}

/** What is wrong with the table when everything is over. */
export function judgeTable(history: History, table: readonly Sighting[]): (Lost | Invented)[] {
  const held = new Map(table.map(({ row, version }) => [row, version]));
  const unknown = table.filter(({ row }) => history.writesOf(row).length === 0);
  const findings: (Lost | Invented)[] = unknown.map((sighting) => ({ kind: 'invented', ...sighting }));
  for (const row of history.rows) {
    const version = held.get(row) ?? ABSENT;
    const expected = history.writesOf(row).findLast(({ outcome }) => outcome === 'acked');
    if (expected && !mayHold(history.writesOf(row), expected, version)) {
      findings.push({ kind: 'lost', row, version, expected: expected.version });
    }
  }
  return findings;
}

function mayHold(writes: readonly Write[], expected: Write, version: Sighting['version']): boolean {
  const possible = writes.filter((write) => write === expected || mayHaveLandedAfter(write, expected));
  if (version === ABSENT) return possible.some(({ present }) => !present);
  return possible.some((write) => write.present && write.version === version);
}

function judgeSighting(history: History, read: Read, { row, version }: Sighting): (Stale | Invented)[] {
  const writes = history.writesOf(row);
  if (version === ABSENT) return judgeAbsence(writes, read, row);
  const write = writes[version - 1];
  if (!write?.present || write.outcome === 'refused' || write.invoked > read.ended) {
    return [{ kind: 'invented', row, version }];
  }
  return staleness(writes, write.version, read).map((stale) => ({ ...stale, row, version }));
}

/** Any absence that is possible excuses it. */
function judgeAbsence(writes: readonly Write[], read: Read, row: number): Stale[] {
  const newest = writes.findLast((write) => wasAckedBefore(write, read));
  if (!newest?.present) return [];
  const mayBeGone = (write: Write) =>
    !write.present && write.outcome !== 'refused' && write.invoked <= read.ended;
  const later = writes.filter((write) => mayBeGone(write) && mayBeAfter(write, newest));
  if (later.length > 0) return [];
  const before = writes.slice(0, newest.version).findLast(mayBeGone)?.version ?? 0;
  return staleness(writes, before, read).map((stale) => ({ ...stale, row, version: ABSENT }));
}

/** At most one finding for each way in which the reader should have known better. */
function staleness(writes: readonly Write[], version: number, read: Read): Omit<Stale, 'row' | 'version'>[] {
  const seen = writes[version - 1];
  const newer = writes
    .slice(version)
    .filter((write) => wasAckedBefore(write, read) && !(seen && mayHaveLandedAfter(seen, write)));
  return REACHES.flatMap((reach) => {
    const first = newer.find((write) => reachOf(write, read) === reach);
    if (!first) return [];
    return [{ kind: 'stale' as const, reach, newer: first.version, window: read.began - first.ended }];
  });
}

function wasAckedBefore({ outcome, ended }: Write, read: Read): boolean {
  return outcome === 'acked' && ended < read.began;
}

function mayBeAfter(write: Write, other: Write): boolean {
  return write.version > other.version || mayHaveLandedAfter(write, other);
}

/** A write of unknown outcome may have happened after a later one was acked, until all that waited has landed. */
function mayHaveLandedAfter(write: Write, acked: Write): boolean {
  return write.outcome === 'unknown' && acked.invoked <= write.ended + LANDING_MS;
}

function reachOf({ source, shared }: Write, read: Read): Reach {
  if (source === 'sql') return 'outside';
  return source === read.instance || shared ? 'api' : 'unshared';
}
