import { type Run, runCommand } from '../support/command-line.ts';
import { scratchDatabase } from '../support/database.ts';
import { fill } from '../support/fill.ts';
import { Random } from '../support/random.ts';
import { checkout, startServer } from '../support/server.ts';
import { Client } from './search/client.ts';
import { figuresOf, formatFigures, type Measured } from './search/report.ts';
import { LISTS, PAGES } from './search/requests.ts';

const OPTIONS = {
  rows: { min: 0, max: 1_000_000, initial: 0, text: 'in the table; 0: 25, 1,000, 100,000 and 1,000,000' },
  requests: { min: 10, max: 1_000, initial: 300, text: 'of each kind, every one another' },
} as const;

const SIZES = [25, 1_000, 100_000, 1_000_000];

/** The same listings and the same requests in every run. */
const SEED = 7;

const about =
  'Measures requests to one server, one after the other: the first time (miss) and once more (hit).';

process.exitCode = await runCommand({ about, options: OPTIONS }, bench);

async function bench({ numbers, scope, signal }: Run<typeof OPTIONS>): Promise<number> {
  const measured: Measured[] = [];
  for (const rows of numbers.rows === 0 ? SIZES : [numbers.rows]) {
    process.stderr.write(`${rows} rows\n`);
    const url = await scratchDatabase(scope);
    await fill(url, rows, SEED);
    const env = { DATABASE_URL: url, API_KEYS: 'bench', LOG_LEVEL: 'warn' };
    const server = await startServer(scope, await checkout(scope), env);
    const client = new Client(server.address, 'bench');
    const random = new Random(SEED);
    for (const [name, { rounds, path }] of Object.entries(LISTS)) {
      const times = await client.ask(rounds, async () => {
        await client.change();
        return path;
      });
      measured.push({ rows, name, ...times });
    }
    for (const [name, request] of Object.entries(PAGES)) {
      const times = await client.ask(numbers.requests, async () => request(random));
      measured.push({ rows, name, ...times });
      signal.throwIfAborted();
    }
    client.close();
    await server.stop();
  }
  process.stdout.write(formatFigures(measured.map(figuresOf)));
  return 0;
}
