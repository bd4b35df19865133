import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import t from 'tap';
import { BatchedOutput } from '../../src/process/batched-output.ts';
import { complain } from '../../src/process/standard-error.ts';

/** An output that keeps each write, and tells of the next. */
function recorder() {
  const writes: string[] = [];
  let told: () => void = () => {};
  const write = (text: string) => {
    writes.push(text);
    told();
  };
  const next = () =>
    new Promise<void>((resolve) => {
      told = resolve;
    });
  return { writes, write, next };
}

t.test('lines that come together are one write, in their order', async (t) => {
  const output = recorder();
  const batched = new BatchedOutput(output);
  const written = output.next();
  for (const line of ['one\n', 'two\n', 'three\n']) batched.write(line);
  t.same(output.writes, []);
  await written;
  t.same(output.writes, ['one\ntwo\nthree\n']);
  const again = output.next();
  batched.write('four\n');
  await again;
  t.same(output.writes, ['one\ntwo\nthree\n', 'four\n']);
});

t.test('more than 16 KB do not wait', async (t) => {
  const output = recorder();
  const batched = new BatchedOutput(output);
  const line = `${'x'.repeat(9_000)}\n`;
  batched.write(line);
  t.same(output.writes, []);
  batched.write(line);
  t.same(output.writes, [line + line]);
});

t.test('what is left is written when the process ends, also by an uncaught error', async (t) => {
  const module = new URL('../../src/process/batched-output.js', import.meta.url);
  const code = `import(${JSON.stringify(module.href)}).then(({ BatchedOutput }) => {
    const output = new BatchedOutput();
    output.write('the last line');
    throw new Error('this is not caught');
  })`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    written += text;
  });
  const [exitCode] = await once(child, 'close');
  t.equal(exitCode, 1);
  t.equal(written, 'the last line');
});

t.test('what cannot be written is lost and said once, and what comes later is tried again', async (t) => {
  const said = t.capture(process.stderr, 'write', () => true);
  const output = Object.assign(new EventEmitter(), recorder());
  const { write } = output;
  const batched = new BatchedOutput(output);
  const line = `${'x'.repeat(20_000)}\n`;
  output.write = () => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  };
  batched.write(line);
  output.emit('error', Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
  output.write = write;
  batched.write(line);
  t.same(output.writes, [line]);
  t.same(
    said().map(({ args }) => args),
    [['The log cannot be written (ENOSPC): going on without it\n']],
  );
});

t.test('where standard error cannot be written either, nothing is said', async (t) => {
  t.capture(process.stderr, 'write', () => {
    throw new Error('no space left on device');
  });
  complain('a line\n');
  process.stderr.emit('error', new Error('broken pipe'));
  t.pass('and nothing was thrown');
});
