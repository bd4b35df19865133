import { type Run, runCommand } from '../support/command-line.ts';
import { scratchDatabase } from '../support/database.ts';
import { fill } from '../support/fill.ts';
import { checkout } from '../support/server.ts';
import { CASES, type Case } from './overload/cases.ts';
import { watchHealth } from './overload/health.ts';
import type { Job, Outcome } from './overload/load/job.ts';
import { formatReport, isMet, type Measured, middle } from './overload/report.ts';
import { ChildRequests } from './speed/child-requests.ts';
import { pin } from './speed/pinning.ts';
import { startProgram } from './speed/program.ts';
import { WRITE_KEY } from './speed/requests.ts';
import { startServer } from './speed/server.ts';

const OPTIONS = {
  rounds: { min: 1, max: 100, initial: 3, text: 'of all kinds of request; the middle one of each counts' },
  seconds: { min: 1, max: 600, initial: 10, text: 'of overload, for each of them' },
  times: { min: 1, max: 1_000, initial: 10, text: 'what can be served is offered' },
  connections: { min: 64, max: 9_000, initial: 500, text: 'that the overload may open' },
  rows: { min: 1, max: 100_000, initial: 25, text: 'in the table' },
} as const;

const about =
  'Offers many times what the service can serve, and looks whether it still serves as much as it can.';

/** The listings of every run. */
const SEED = 1;

/** With so many connections, one request at a time on each, the service has always something to do. */
const PEAK_CONNECTIONS = 64;

/** Of the time of the overload: before and after it. */
const WARM_UP = 0.2;
const PEAK = 0.5;
const AFTERWARDS = 0.3;

/** Of the peak, what is offered afterwards: at the peak itself any hiccup would last. */
const USUAL = 0.5;

process.exitCode = await runCommand({ about, options: OPTIONS }, bench);

async function bench({ numbers, scope, signal }: Run<typeof OPTIONS>): Promise<number> {
  const { seconds, times, connections, rows } = numbers;
  const pinning = pin();
  const database = await scratchDatabase(scope);
  await fill(database, rows, SEED);
  const server = await startServer(scope, 'src/server.js', {
    prefix: pinning.server,
    cwd: await checkout(scope),
    env: { DATABASE_URL: database, API_KEYS: WRITE_KEY, WRITE_RATE_LIMIT: '0' },
  });
  const load = new ChildRequests<Job, Outcome>(
    startProgram(scope, 'bench/overload/load/main.js'),
    'the load',
  );

  const measure = async ({ name, text }: Case): Promise<Measured> => {
    process.stderr.write(`${name}\n`);
    const offer = (share: number, how: Pick<Job, 'connections' | 'rate'>) => {
      signal.throwIfAborted();
      return load.ask({ port: server.port, text, ids: rows, milliseconds: share * seconds * 1000, ...how });
    };
    await offer(WARM_UP, { connections: PEAK_CONNECTIONS });
    const peak = await offer(PEAK, { connections: PEAK_CONNECTIONS });
    const rate = peak.good / peak.seconds;
    const watch = watchHealth(server.port);
    const overload = await offer(1, { connections, rate: times * rate });
    const health = await watch.stop();
    const after = await offer(AFTERWARDS, { connections, rate: USUAL * rate });
    return { name, peak, overload, after, health };
  };

  const rounds: Measured[][] = CASES.map(() => []);
  for (let round = 0; round < numbers.rounds; round += 1)
    for (const [index, kind] of CASES.entries()) rounds[index]?.push(await measure(kind));
  const measured = rounds.map(middle);
  process.stdout.write(
    `${pinning.text}; ${times} times the peak for ${seconds} s, ${numbers.rounds} rounds, at most ${connections} connections\n`,
  );
  process.stdout.write(formatReport(measured));
  return measured.every(isMet) ? 0 : 1;
}
