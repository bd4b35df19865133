import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readOrCreateWriteKey } from '../../src/embedded/write-key.ts';

async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'write-key-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

t.test(
  'the first call makes a key of 32 bytes that only its owner reads, and later ones read it',
  async (t) => {
    const directory = join(await temporaryFolder(t), '.data');
    const key = await readOrCreateWriteKey(directory);
    t.equal(Buffer.from(key, 'base64url').length, 32);
    t.equal((await stat(join(directory, 'api-key'))).mode & 0o777, 0o600);
    t.equal(await readOrCreateWriteKey(directory), key);
    t.strictSame(await readdir(directory), ['api-key']);
  },
);

t.test('twenty that ask at once for a key that is not there get the same one', async (t) => {
  const directory = await temporaryFolder(t);
  const keys = await Promise.all(Array.from({ length: 20 }, () => readOrCreateWriteKey(directory)));
  t.equal(new Set(keys).size, 1);
  t.strictSame(await readdir(directory), ['api-key']);
});

t.test('a key that the user wrote is taken as it is, without the white space around it', async (t) => {
  const directory = await temporaryFolder(t);
  await writeFile(join(directory, 'api-key'), '  a-key-of-my-own-0001\n');
  t.equal(await readOrCreateWriteKey(directory), 'a-key-of-my-own-0001');
});

for (const [what, text] of Object.entries({ empty: '\n', 'of 15 characters': '123456789012345' })) {
  t.test(
    `a key file that is ${what} is refused in one line that names it, and not overwritten`,
    async (t) => {
      const directory = await temporaryFolder(t);
      const file = join(directory, 'api-key');
      await writeFile(file, text);
      const message = `${file} holds no write key of at least 16 characters: write one into it, or delete it and start again`;
      await t.rejects(readOrCreateWriteKey(directory), { code: 'PL_WRITE_KEY_UNUSABLE', message });
      t.equal((await stat(file)).size, text.length);
    },
  );
}

t.test('a key file that cannot be read is an error, not a reason to make another', async (t) => {
  const directory = await temporaryFolder(t);
  const file = join(directory, 'a-file');
  await writeFile(file, '');
  await chmod(file, 0o600);
  await t.rejects(readOrCreateWriteKey(file), { code: 'ENOTDIR' });
});
