import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { packageRoot } from '../../src/platform/package-root.ts';

const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8');
const text = read('.github/workflows/ci.yaml');
const workflow = parse(text);
const { engines, dependencies, devDependencies } = JSON.parse(read('package.json'));

interface Job {
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}

const jobs: Job[] = Object.values(workflow.jobs);
const runsOf = (job: Job) => job.steps.flatMap(({ run }) => run ?? []);

t.test('the workflow', async (t) => {
  t.test("runs .ci/run on the oldest Node that is supported and on the image's", async (t) => {
    const { strategy, ...job } = workflow.jobs.run;
    const [, image] = /^FROM node:(\d+)/m.exec(read('Dockerfile')) ?? [];
    t.equal(runsOf(job)[0], '.ci/run');
    t.same(strategy.matrix.node, [engines.node.replace('>=', ''), image]);
  });

  t.test('fails on every advisory', async (t) => {
    t.same(runsOf(workflow.jobs.audit), ['npm audit --audit-level=low']);
  });

  t.test('may read the repository only, and ends', async (t) => {
    t.same(workflow.permissions, { contents: 'read' });
    for (const job of jobs) t.ok(Number(job['timeout-minutes']) <= 30);
  });

  t.test('uses actions by commit, with the version for the reader', async (t) => {
    const used = text.match(/uses: .*/g) ?? [];
    t.equal(used.length, jobs.flatMap(({ steps }) => steps.filter(({ uses }) => uses)).length);
    for (const line of used) t.match(line, /^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });
});

t.test('Dependabot', async (t) => {
  const { updates } = parse(read('.github/dependabot.yml'));
  const [npm, actions] = updates;

  t.test('watches the packages and the actions', async (t) => {
    t.match(npm, { 'package-ecosystem': 'npm', directory: '/', schedule: { interval: 'weekly' } });
    t.match(actions, { 'package-ecosystem': 'github-actions', schedule: { interval: 'weekly' } });
  });

  t.test("raises Prisma's packages together, because they are pinned to one version", async (t) => {
    const { groups, ignore } = npm;
    t.equal(Object.keys(groups)[0], 'prisma', 'the first group that fits is the one that counts');
    t.same(groups.prisma.patterns, ['prisma', '@prisma/*']);
    const byHand = ignore.map((ignored: Record<string, unknown>) => ignored['dependency-name']);
    const raised = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([name]) => /^(@prisma\/|prisma$)/.test(name) && !byHand.includes(name),
    );
    t.equal(new Set(raised.map(([, version]) => version)).size, 1, String(raised));
  });
});
