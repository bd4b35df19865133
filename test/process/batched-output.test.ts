import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { BatchedOutput } from '../../src/batched-output.ts';

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

t.test('what is left is written when the process ends, also by an error that nobody caught', async (t) => {
  const module = new URL('../../src/batched-output.js', import.meta.url);
  const code = `import(${JSON.stringify(module.href)}).then(({ BatchedOutput }) => {
    const output = new BatchedOutput();
    output.write('the last line');
    throw new Error('nobody catches this');
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
