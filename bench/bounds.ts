import { type Run, runCommand, UsageError } from '../support/command-line.ts';
import { skipWithoutRedis } from '../support/redis.ts';
import { checkStore } from './bounds/check.ts';
import {
  allowedGrowth,
  fullAt,
  LEAST_KEYS,
  LOCAL_MAX_BYTES,
  megabytes,
  REDIS_MAX_BYTES,
} from './bounds/limits.ts';
import { STORES } from './bounds/stores.ts';

const OPTIONS = {
  keys: { min: LEAST_KEYS, max: 10_000_000, initial: 1_000_000, text: 'distinct pages, for each store' },
  invalidations: { min: 1, max: 10_000_000, initial: 100_000, text: 'of a row and the lists, between them' },
} as const;

const about = 'Proves that memory stays flat over many distinct pages and invalidations, for every store.';

/** What could not be checked here. */
const SKIPPED = 2;

process.exitCode = await runCommand({ about, options: OPTIONS }, checkAll);

async function checkAll({ numbers, scope, signal }: Run<typeof OPTIONS>): Promise<number> {
  const { gc } = globalThis;
  if (!gc)
    throw new UsageError('garbage has to be collected before it is measured: run node with --expose-gc');
  const print = (text: string) => void process.stdout.write(text);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const began = performance.now();
  const skipped = skipWithoutRedis ? STORES.filter(({ redis }) => redis) : [];
  const failures: string[] = [];
  print(`${legend(numbers.keys)}\n\n`);
  for (const store of STORES) {
    if (skipped.includes(store)) continue;
    failures.push(...(await checkStore(store, { ...numbers, gc, scope, signal, print, say })));
  }
  print(`${((performance.now() - began) / 1000).toFixed(0)} s in all\n`);
  if (failures.length > 0) {
    print(`FAIL: ${failures.join('; ')}\n`);
    return 1;
  }
  const names = skipped.map(({ name }) => name).join(' and ');
  print(skipped.length > 0 ? `SKIPPED: ${names} (${skipWithoutRedis}); the rest is flat\n` : 'PASS\n');
  return skipped.length > 0 ? SKIPPED : 0;
}

function legend(keys: number): string {
  const leak = Math.ceil(allowedGrowth(0) / ((1 - fullAt(keys)) * keys));
  const local = `this process keeps ${megabytes(LOCAL_MAX_BYTES)} MB of entries`;
  return [
    `Bounds: ${local}, Redis ${megabytes(REDIS_MAX_BYTES)} MB of everything.`,
    'Held: heapUsed + external after two collections; RSS is what the system gave, to the stores before as well.',
    `Flat: from ${fullAt(keys) * 100} % on held grows by less than 10 % or 8 MB: ${leak} bytes a page would show.`,
  ].join('\n');
}
