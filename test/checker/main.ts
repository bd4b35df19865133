import { skipWithoutRedis } from '../../support/redis.ts';
import { skipWithoutNginx } from '../helpers/nginx.ts';
import { skipWithoutPgBouncer } from '../helpers/pgbouncer.ts';
import { help, type Options, parseOptions, UsageError } from './options.ts';
import { formatReport } from './report.ts';
import { run } from './run.ts';

/** What a shell says of a process that Ctrl-C ended. */
const INTERRUPTED = 130;
const USAGE = 2;

process.exitCode = await main(process.argv.slice(2));

/** The process edge: the command line in, the report out. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options) return await check(options);
    process.stdout.write(help());
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return USAGE;
  }
}

async function check(options: Options): Promise<number> {
  if (options.redis && skipWithoutRedis) {
    throw new UsageError(`${skipWithoutRedis}: install one, or give --redis off`);
  }
  if (options.pooler && skipWithoutPgBouncer) throw new UsageError(skipWithoutPgBouncer);
  if (options.entry === 'nginx' && skipWithoutNginx) throw new UsageError(skipWithoutNginx);
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort());
  // An error that was not awaited is a bug of ours: even then everything that runs is ended.
  process.on('uncaughtException', (error) => interruption.abort(error));
  try {
    const say = (line: string) => process.stderr.write(`${line}\n`);
    const report = await run(options, { signal: interruption.signal, say });
    process.stdout.write(formatReport(report));
    return report.passed ? 0 : 1;
  } catch (error) {
    const { aborted, reason } = interruption.signal;
    if (!aborted) throw error;
    if (reason instanceof DOMException) return INTERRUPTED; // What `abort()` gives as its reason.
    throw reason;
  }
}
