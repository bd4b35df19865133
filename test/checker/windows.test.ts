import t from 'tap';
import { summarize } from './windows.ts';

t.test('no stale read', async (t) => {
  t.same(summarize([], 10), { count: 0, share: 0, p50: 0, p99: 0, max: 0, p99OfAll: 0 });
  t.same(summarize([], 0), { count: 0, share: 0, p50: 0, p99: 0, max: 0, p99OfAll: 0 });
});

t.test('percentiles of the stale reads, and of all', async (t) => {
  const windows = [30, 10, 20];
  t.same(summarize(windows, 3), { count: 3, share: 1, p50: 20, p99: 30, max: 30, p99OfAll: 30 });
  t.match(summarize(windows, 100), { share: 0.03, p99: 30, p99OfAll: 20 });
  t.match(summarize(windows, 300), { p99OfAll: 0 }, 'one in a hundred may be older');
});
