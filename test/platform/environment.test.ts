import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { loadEnvironment } from '../../src/platform/environment.ts';

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF_16 = Buffer.from('\ufeffDATABASE_URL=postgresql://a/b\n', 'utf16le');

t.test('.env adds what the environment does not set, and overrides nothing', async (t) => {
  const file = join(t.testdir({ '.env': 'A=of the file\nB="two\nlines"\nexport C=3 # why\n' }), '.env');
  const env = { A: 'of the environment' };
  t.equal(loadEnvironment(env, file), env, 'libraries read the same object');
  t.strictSame(env, { A: 'of the environment', B: 'two\nlines', C: '3' });
});

t.test('a variable that is empty, or blank, counts as unset, whatever sets it', async (t) => {
  const file = join(t.testdir({ '.env': 'A=1\nB=2\nC=\nD="  "\n' }), '.env');
  t.strictSame(loadEnvironment({ A: '', B: ' \t', E: '' }, file), { A: '1', B: '2' });
  t.strictSame(loadEnvironment({ A: '', F: ' 1' }, join(file, '..', 'none')), { F: ' 1' });
});

t.test(
  'the first variable is there after a byte-order mark, and lines end as any system ends them',
  async (t) => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = Buffer.concat([MARK, Buffer.from(`A=1${end}B=é${end}`)]);
      t.strictSame(loadEnvironment({}, join(t.testdir({ '.env': text }), '.env')), { A: '1', B: 'é' });
    }
  },
);

t.test('a .env that is not UTF-8 is refused in one line that names it', async (t) => {
  const kinds = [
    [UTF_16, /UTF-16/],
    [UTF_16.subarray(2), /UTF-16/, 'without a mark'],
    [Buffer.from(UTF_16).swap16(), /UTF-16/],
    [Buffer.from('A=é', 'latin1'), /other bytes/],
  ] as const;
  for (const [content, why] of kinds) {
    const file = join(t.testdir({ '.env': content }), '.env');
    const message = t.throws(() => loadEnvironment({}, file)) as Error;
    t.match(message, { code: 'PL_ENV_FILE_NOT_TEXT', message: why });
    t.match(message.message, `${file} is not UTF-8 text`);
    t.notMatch(message.message, /\n|postgresql/);
  }
});

t.test('a .env that is there and cannot be read is refused', async (t) => {
  const folder = t.testdir({ '.env': {}, link: t.fixture('symlink', 'nothing') });
  for (const [name, reason] of [
    ['.env', 'EISDIR'],
    ['link', 'ENOENT'],
  ] as const) {
    const file = join(folder, name);
    t.throws(() => loadEnvironment({}, file), {
      code: 'PL_ENV_FILE_UNREADABLE',
      message: `Cannot read ${file} (${reason}): make it a file that can be read, or remove it`,
    });
  }
});

t.test(
  'a pipe in its place is read when its writer has come, and not waited for without an end',
  async (t) => {
    const file = join(t.testdir(), '.env');
    execFileSync('mkfifo', [file]);
    const writer = spawn('sh', ['-c', 'echo NAME=value > "$1"', 'sh', file]);
    t.match(loadEnvironment({}, file), { NAME: 'value' });
    t.same(await once(writer, 'close'), [0, null]);
    t.throws(() => loadEnvironment({}, file, 10), {
      code: 'PL_ENV_FILE_UNREADABLE',
      message: `Cannot read ${file} (nothing came through the pipe): make it a file that can be read, or remove it`,
    });
  },
);
