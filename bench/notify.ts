import { type Run, runCommand } from '../support/command-line.ts';
import { scratchDatabase } from '../support/database.ts';
import { formatReport } from './notify/report.ts';
import { measure } from './notify/rounds.ts';
import { settingsOf } from './notify/settings.ts';
import { Writers } from './notify/writers.ts';

const OPTIONS = {
  rounds: { min: 1, max: 200, initial: 12, text: 'with the triggers, and as many without' },
  connections: { min: 1, max: 64, initial: 8, text: 'that write at the same time' },
  'seconds-per-round': { min: 0.1, max: 60, initial: 0.7, text: 'how long each of them is', fraction: true },
} as const;

const about =
  'Measures what NOTIFY costs writes: PostgreSQL commits the transactions that notify one after the other.';

process.exitCode = await runCommand({ about, options: OPTIONS }, bench);

async function bench({ numbers, scope, signal }: Run<typeof OPTIONS>): Promise<number> {
  const { rounds, connections, 'seconds-per-round': seconds } = numbers;
  const url = await scratchDatabase(scope);
  const writers = await Writers.open(scope, url, connections);
  const settings = await settingsOf(url);
  const result = await measure(writers, { rounds, milliseconds: seconds * 1000, signal });
  process.stdout.write(formatReport({ connections, seconds, settings, result }));
  return 0;
}
