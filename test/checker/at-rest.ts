import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import { type History, judgeTable, type Sighting } from './history.ts';
import type { Target } from './instance.ts';
import type { Readers, Seen } from './readers.ts';
import type { Rows } from './rows.ts';
import type { Tally } from './tally.ts';
import { sightingOf, titleOf } from './titles.ts';

/** How soon after the last fault everything must be right again, and come from the cache. Milliseconds. */
export const RECOVERY_MS = 5_000;

/** Between two looks. Milliseconds. */
const LOOK_MS = 50;

export interface AtRest {
  readonly fleet: Fleet;
  readonly history: History;
  readonly readers: Readers;
  readonly rows: Rows;
  readonly tally: Tally;
}

/** When no client writes any more: the table holds what was acked, and every instance answers it, from its cache. */
export async function checkAtRest({ fleet, history, readers, rows, tally }: AtRest): Promise<void> {
  const table = await readTable(fleet);
  for (const finding of judgeTable(history, table)) {
    if (finding.kind === 'lost') tally.lost(finding);
    else tally.wrong('invented', `row ${finding.row} v ${finding.version} in the table at the end`);
  }
  const deadline = performance.now() + RECOVERY_MS;
  await Promise.all(
    fleet.targets.map(async (instance) => {
      await until(deadline, tally, nameOf(instance, 'the list'), table, () => readers.list(instance));
      for (const { row, id } of rows.lasting) {
        const expected = table.filter((sighting) => sighting.row === row);
        const read = () => readers.row(instance, row, id);
        await until(deadline, tally, nameOf(instance, `row ${row}`), expected, read);
      }
    }),
  );
}

const nameOf = (instance: Target, what: string) => `${what} on instance ${instance.number}`;

async function readTable({ postgres }: Fleet): Promise<Sighting[]> {
  const { rows } = await postgres.execute('SELECT title FROM properties_property ORDER BY id');
  return rows.map(({ title }) => sightingOf(title));
}

/** Reads twice until both answers are the table's and the second one came from the cache. */
async function until(
  deadline: number,
  tally: Tally,
  name: string,
  expected: readonly Sighting[],
  read: () => Promise<Seen | undefined>,
): Promise<void> {
  for (;;) {
    const problem = problemOf([await read(), await read()], expected);
    if (problem === undefined) return;
    if (performance.now() > deadline) return tally.wrong('not at rest', `${name}: ${problem}`);
    await delay(LOOK_MS);
  }
}

function problemOf(
  answers: readonly (Seen | undefined)[],
  expected: readonly Sighting[],
): string | undefined {
  for (const answer of answers) {
    if (!answer) return 'not answered';
    if (textOf(answer.seen) !== textOf(expected)) {
      return `${textOf(answer.seen)} instead of the table's ${textOf(expected)}`;
    }
  }
  const cacheStatus = answers.at(-1)?.cacheStatus ?? '';
  return /; hit\b/.test(cacheStatus) ? undefined : `no hit but "${cacheStatus}"`;
}

function textOf(sightings: readonly Sighting[]): string {
  return sightings.map(({ row, version }) => titleOf({ row, version: Number(version) })).join(', ');
}
