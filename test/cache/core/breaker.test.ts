import { mock } from 'node:test';
import t from 'tap';
import { createCaches } from '../../../src/cache/caches.ts';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';
import { ChaosStore } from '../../helpers/chaos-store.ts';

const PAUSE_MS = 250;

t.test('the breaker says once that it opened and once that it closed', async (t) => {
  let now = performance.now();
  mock.method(performance, 'now', () => now); // Once: what is mocked twice is not restored.
  t.teardown(() => mock.restoreAll());
  const store = new ChaosStore(new MemoryStore(1024 * 1024));
  const caches = createCaches({ store, everything: ['tag'], staleIfError: 0, patience: 20 });
  const turns: boolean[] = [];
  caches.events.on('breaker', (open) => turns.push(open));
  let reads = 0;
  let answering = false;
  store.before = async (operation) => {
    if (operation === 'read') reads += 1;
    if (!answering) await new Promise(() => {});
  };
  const read = () => caches.data.get('key', { tags: ['tag'], ttl: 60 }, async () => undefined);

  await read();
  await read();
  t.same([turns, reads], [[true], 1], 'while it is open no command is sent');
  now += PAUSE_MS;
  await read();
  t.same([turns, reads], [[true], 2], 'one more has waited in vain');
  now += PAUSE_MS;
  answering = true;
  await read();
  await read();
  t.same([turns, reads], [[true, false], 4]);
});
