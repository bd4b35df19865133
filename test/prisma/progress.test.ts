import t from 'tap';
import { showProgress } from '../../prisma/seed/progress.ts';

/** A screen that remembers, and a clock that a test advances. */
function screen(isTTY: boolean) {
  const written: string[] = [];
  const clock = { now: 0 };
  return { written, clock, isTTY, write: (text: string) => written.push(text) };
}

t.test('up to 999 rows nothing is shown', async (t) => {
  const { written, ...rest } = screen(true);
  const progress = showProgress(999, rest);
  progress.add(999);
  progress.end();
  t.strictSame(written, []);
});

t.test(
  'on a terminal one line is redrawn, with a bar, the percentage, the rate and the time left',
  async (t) => {
    const { written, clock, ...rest } = screen(true);
    const progress = showProgress(3_000, rest, () => clock.now);
    for (const now of [500, 1_000, 1_500]) {
      clock.now = now;
      progress.add(1_000);
    }
    progress.end();
    t.strictSame(written, [
      `\r\x1b[K[${'#'.repeat(10)}${'-'.repeat(20)}] 33%  2,000 rows/s, 1 s left`,
      `\r\x1b[K[${'#'.repeat(20)}${'-'.repeat(10)}] 66%  2,000 rows/s, 1 s left`,
      `\r\x1b[K[${'#'.repeat(30)}] 100%  2,000 rows/s, 0 s left`,
      '\n',
    ]);
  },
);

t.test('elsewhere there is a line for each tenth', async (t) => {
  const { written, clock, ...rest } = screen(false);
  const progress = showProgress(40_000, rest, () => clock.now);
  for (let batch = 1; batch <= 40; batch += 1) {
    clock.now = batch * 100;
    progress.add(1_000);
  }
  progress.end();
  t.equal(written.length, 10);
  t.equal(written[0], '10%: 4,000 of 40,000 rows, 10,000 rows/s, 4 s left\n');
  t.equal(written[9], '100%: 40,000 of 40,000 rows, 10,000 rows/s, 0 s left\n');
});
