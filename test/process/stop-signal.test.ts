import t, { type Test } from 'tap';
import { stopSignal } from '../../src/process/stop-signal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** A stop signal, and what tells it of a signal of the system's: no other listener of this process hears of that. */
function stoppable(t: Test) {
  const before = new Map(SIGNALS.map((name) => [name, process.listeners(name)]));
  const added = (name: (typeof SIGNALS)[number]) =>
    process.listeners(name).filter((listener) => !before.get(name)?.includes(listener));
  t.teardown(() => {
    for (const name of SIGNALS) for (const listener of added(name)) process.off(name, listener);
  });
  const stop = stopSignal();
  return { stop, send: (name: (typeof SIGNALS)[number]) => added(name).map((listener) => listener(name)) };
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
  t.test(`${signal} is a reason to end, and SIGUSR2 is none`, async (t) => {
    const { stop, send } = stoppable(t);
    t.equal(send('SIGUSR2').length, 1, 'without a listener it would end the process');
    t.notOk(stop.aborted);
    send(signal);
    t.equal(stop.reason, signal);
  });
}
