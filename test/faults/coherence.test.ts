import t from 'tap';
import { FAULTS } from '../coherence/faults.ts';
import { parseOptions } from '../coherence/options.ts';
import { formatReport } from '../coherence/report.ts';
import { run } from '../coherence/run.ts';
import { skipWithoutNginx } from '../helpers/nginx.ts';
import { skipWithoutRedisServer } from '../helpers/redis.ts';

/**
 * Each is one round of every fault that its instances can have, under load, with every answer checked. Without Redis an
 * instance whose packets are dropped hears of nothing for up to 2 s, while it answers more reads than a hundredth of all,
 * and so do workers, who have one network: what 99 % of the reads saw says nothing then, only what the oldest did.
 */
const RUNS = {
  'three instances on one Redis, with CACHE_LOCAL=off': ['--local', 'off', '--outside', 'on'],
  'three instances on one Redis, each with its memory in front': ['--local', 'on', '--outside', 'on'],
  'three workers of one process': [
    '--entry',
    'workers',
    '--local',
    'on',
    '--outside',
    'on',
    '--outside-window-p99',
    '2500',
  ],
  'three instances behind nginx': ['--entry', 'nginx', '--local', 'on', '--outside', 'on'],
  'three instances without Redis': ['--redis', 'off', '--outside', 'on', '--outside-window-p99', '2500'],
} as const;

for (const [name, args] of Object.entries(RUNS)) {
  const skip = skipWithoutRedisServer || (name.endsWith('nginx') && skipWithoutNginx);
  t.test(name, { skip }, async (t) => {
    const options = parseOptions([...args, '--seconds', '1', '--faults', 'all']);
    if (!options) return t.fail('only --help has no options');
    const report = await run(options);
    t.comment(formatReport(report));
    t.ok(report.passed, 'no stale read, no lost write, no stuck request');
    for (const { name, count, examples } of report.violations) t.fail(`${count} ${name}: ${examples[0]}`); // CI shows names only.
    for (const { name, count, recovery } of report.faults) {
      t.ok(count >= 1 && Number.isFinite(recovery), `${name}: works again after ${Math.round(recovery)} ms`);
    }
    const several = options.entry !== 'workers';
    const possible = FAULTS.filter(
      ({ needs }) => (options.redis || needs !== 'redis') && (several || needs !== 'several instances'),
    );
    t.equal(report.faults.length, possible.length, 'every fault that there is');
  });
}
