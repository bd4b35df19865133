import t from 'tap';
import { ReportedInvalidations } from '../../../src/features/dashboard/reported-invalidations.ts';

const NOW = 1_700_000_000_000;
const tags = (count: number) => Array.from({ length: count }, (_, index) => `property:${index}`);

t.test(
  'an invalidation is reported with its cause, and with no name and no latency if it is our own',
  async (t) => {
    const reported = new ReportedInvalidations();
    t.strictSame(reported.add(['properties'], { cause: 'write' }, NOW), {
      id: 1,
      at: NOW,
      tags: ['properties'],
      more: 0,
      names: {},
      cause: 'write',
      by: null,
      latencyMs: null,
    });
    t.equal(reported.add(['properties'], { cause: 'retry' }, NOW)?.id, 2);
  },
);

t.test('an echo is the same change heard again, and not reported', async (t) => {
  const reported = new ReportedInvalidations();
  t.equal(reported.add(['properties'], { cause: 'echo', at: NOW }, NOW), undefined);
  t.equal(reported.add(['properties'], { cause: 'write' }, NOW)?.id, 1, 'nor counted');
});

t.test('of many tags twelve are reported, and how many there are more', async (t) => {
  const reported = new ReportedInvalidations();
  t.match(reported.add(tags(12), { cause: 'write' }, NOW), { tags: tags(12), more: 0 });
  t.match(reported.add(tags(13), { cause: 'write' }, NOW), { tags: tags(12), more: 1 });
});

t.test('the names of a reported tag are reported with it, and none of the others', async (t) => {
  const names = new Map([
    ['property:0', ['Osu', 'O\u202esu']],
    ['property:12', ['Tema']],
  ]);
  const reported = new ReportedInvalidations().add(tags(13), { cause: 'write', names }, NOW);
  t.strictSame(reported?.names, { 'property:0': ['Osu', 'Osu'] });
});

for (const [what, at, latencyMs] of [
  ['is the time since', NOW - 40, 40],
  ['is not negative where the clocks differ', NOW + 40, 0],
] as const) {
  t.test(`the latency of a change that was heard of ${what}`, async (t) => {
    const reported = new ReportedInvalidations();
    t.equal(reported.add(['properties'], { cause: 'instance', at }, NOW)?.latencyMs, latencyMs);
  });
}

for (const [what, by, name] of [
  ['is reported', 'psql', 'psql'],
  ['is none if it is empty', '', null],
  ['is none if nothing of it can be seen', '\u0000\u001b\u202e', null],
  ['has no control characters, nor any that turn the text around', '\u001b[2Jps\r\nql\u202e', '[2Jpsql'],
  ['is cut after 64 characters', 'x'.repeat(1_000), 'x'.repeat(64)],
  ['is not cut within a character', `${'x'.repeat(63)}😀`, 'x'.repeat(63)],
] as const) {
  t.test(`what the program calls itself ${what}`, async (t) => {
    const reported = new ReportedInvalidations();
    t.equal(reported.add(['properties'], { cause: 'program', by }, NOW)?.by, name);
  });
}

t.test('a burst is reported as one from the fifty-first on, when its second is over', async (t) => {
  const reported = new ReportedInvalidations();
  for (let id = 1; id <= 50; id += 1) t.equal(reported.add(tags(2), { cause: 'write' }, NOW)?.id, id);
  t.equal(reported.add(tags(20), { cause: 'write' }, NOW), undefined);
  t.equal(reported.add(tags(2), { cause: 'retry' }, NOW + 1), undefined);
  t.equal(reported.add(tags(3), { cause: 'program', by: 'psql', at: NOW }, NOW + 7), undefined);
  t.strictSame(reported.endSecond(), {
    id: 51,
    at: NOW + 7,
    tags: tags(3),
    more: 22,
    names: {},
    cause: 'program',
    by: 'psql',
    latencyMs: 7,
  });
  t.equal(reported.endSecond(), undefined, 'it is reported once');
  t.equal(reported.add(tags(1), { cause: 'write' }, NOW + 8)?.id, 52, 'the next second is another one');
});
