import Fastify from 'fastify';
import t from 'tap';
import { takeStep } from '../../src/platform/start-step.ts';
import { Gate } from '../helpers/gate.ts';

t.test('what a step took is in the log at debug, also when it fails', async (t) => {
  const { log, lines } = logged();
  const step = { step: 'a step', waitsFor: 'nothing' };
  t.equal(await takeStep(log, step, async () => 42), 42);
  await t.rejects(
    takeStep(log, step, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.match(lines, [
    { level: 20, step: 'a step', ms: Number },
    { level: 20, step: 'a step', ms: Number },
  ]);
  t.equal(lines.length, 2);
});

t.test('a step that takes long says what it waits for now, and says so again', async (t) => {
  const twice = new Gate();
  const { log, lines } = logged(() => lines.length === 3 && twice.open());
  await takeStep(log, { step: 'a step', waitsFor: 'the first', patience: 1 }, async (waitsFor) => {
    log.warn('beginning');
    waitsFor('the second');
    await twice.pass();
  });
  for (const line of lines.slice(1, 3)) t.match(line, { level: 30, msg: 'the start waits for the second' });
});

/** A log that tells of every line. */
function logged(written: () => unknown = () => {}) {
  const lines: object[] = [];
  const stream = {
    write(line: string) {
      lines.push(JSON.parse(line));
      written();
    },
  };
  return { log: Fastify({ logger: { level: 'debug', stream } }).log, lines };
}
