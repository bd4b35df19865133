import t from 'tap';
import { skipWithoutRedis } from '../../support/redis.ts';
import { parseOptions } from '../checker/options.ts';
import { formatReport } from '../checker/report.ts';
import { run } from '../checker/run.ts';
import { skipWithoutNginx } from '../helpers/nginx.ts';

/**
 * Each is one round of every fault that its instances can have, unless it says which, under load, with every answer
 * checked. Without Redis an instance whose packets are dropped hears of nothing for up to 2 s, while it answers more reads
 * than a hundredth of all, and so do workers, which have one network: the 99th percentile says nothing then, the oldest
 * answer does.
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
  // What nginx adds is another way of ending and pausing an instance.
  'three instances behind nginx': [
    ...['--entry', 'nginx', '--local', 'on', '--outside', 'on'],
    ...['--faults', 'instance-pause,instance-kill,instance-restart,postgres-restart'],
  ],
  'three instances without Redis': ['--redis', 'off', '--outside', 'on', '--outside-window-p99', '2500'],
} as const;

for (const [name, args] of Object.entries(RUNS)) {
  const skip = skipWithoutRedis || (name.endsWith('nginx') && skipWithoutNginx);
  t.test(name, { skip }, async (t) => {
    const options = parseOptions([...args, '--seconds', '1']);
    if (!options) return t.fail('only --help has no options');
    const report = await run(options);
    t.comment(formatReport(report));
    t.ok(report.passed, 'no stale read, no lost write, no stuck request');
    for (const { name, count, examples } of report.violations) t.fail(`${count} ${name}: ${examples[0]}`); // CI shows names only.
    for (const { name, count, recovery } of report.faults) {
      t.ok(count >= 1 && Number.isFinite(recovery), `${name}: works again after ${Math.round(recovery)} ms`);
    }
    t.equal(report.faults.length, options.faults.length, 'every fault that was chosen');
  });
}
