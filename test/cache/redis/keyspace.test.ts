import t from 'tap';
import { Keyspace } from '../../../src/cache/redis/keyspace.ts';

t.test('the tag that a key is the token of, in one namespace only', async (t) => {
  const [ours, theirs] = [new Keyspace('ours'), new Keyspace('ours.too')];
  for (const tag of ['properties', 'property:7', 'a:tag:b', '']) {
    t.equal(ours.tagOf(ours.token(tag)), tag);
    t.equal(ours.tagOf(theirs.token(tag)), undefined);
    t.equal(ours.tagOf(ours.entry(`tag:${tag}`)), undefined);
  }
});

t.test('a script finds a change in the hash slot of its token', async (t) => {
  const keyspace = new Keyspace();
  t.match(keyspace.change('1', 'properties'), `{${keyspace.token('properties')}}`);
});

t.test('a namespace whose keys could be those of another one is refused', async (t) => {
  for (const namespace of ['', 'a:b', '{a}', 'a b', 'ä', 'x'.repeat(65)])
    t.throws(() => new Keyspace(namespace), { message: /^a namespace is 1 to 64 letters/ }, namespace);
  for (const namespace of ['a', 'listings.staging_2-b', 'x'.repeat(64)])
    t.equal(new Keyspace(namespace).probe, `${namespace}:probe`);
});
