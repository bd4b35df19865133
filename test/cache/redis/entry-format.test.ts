import t from 'tap';
import { encodeEntry, FORMAT } from '../../../src/cache/redis/entry-codec.ts';

// What other releases find: a change of one of these lines is a change of `FORMAT`.

const entry = { tokens: { tag: 'token' }, storedAt: 1, ttl: 2, identity: 'query' };

t.test('the entries of this format', async (t) => {
  const small = encodeEntry({ ...entry, value: { head: { etag: '"a"' }, body: Buffer.from('bytes') } });
  const large = encodeEntry({ ...entry, value: { head: { etag: '"a"' }, body: Buffer.alloc(65_536) } });
  t.strictSame(
    [FORMAT, small.first.toString(), large.first.toString().replace(String(large.elsewhere?.id), 'name')],
    [
      1,
      '{"tokens":{"tag":"token"},"storedAt":1,"ttl":2,"identity":"query","head":{"etag":"\\"a\\""}}\nbytes',
      '{"large":{"id":"name","bytes":65536,"head":{"etag":"\\"a\\""}},"tokens":{"tag":"token"},"storedAt":1,"ttl":2,"identity":"query"}\n',
    ],
  );
});
