import './process/steady-ticks.ts';
import cluster from 'node:cluster';
import { messageOf } from './platform/fields.ts';
import { complain } from './process/standard-error.ts';
import { stopSignal } from './process/stop-signal.ts';

/**
 * The process edge: environment in, signals to a clean end, one line for what went wrong. Signals are handled before
 * anything is loaded that takes time: nothing is open until then, so the first one ends the process at once.
 */
const stop = stopSignal();
const leave = () => process.exit(0);
stop.addEventListener('abort', leave);
try {
  const [{ run }, { loadEnvironment }] = await Promise.all([
    import('./process/run.ts'),
    import('./platform/environment.ts'),
  ]);
  stop.removeEventListener('abort', leave);
  await run(loadEnvironment(), stop);
} catch (error) {
  complain(`${messageOf(error).replace(/\s+/g, ' ')}\n`);
  process.exitCode = 1;
}
cluster.worker?.disconnect(); // The channel to the first process would keep this one alive.
