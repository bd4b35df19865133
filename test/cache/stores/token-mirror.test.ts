import t from 'tap';
import { TokenMirror } from '../../../src/cache/stores/token-mirror.ts';
import { Gate } from '../../helpers/gate.ts';

/** A mirror that has just proved alive, and its clock. */
function open() {
  let time = 1_000;
  const mirror = new TokenMirror({ now: () => time });
  mirror.proved(time);
  const advance = (milliseconds: number) => {
    time += milliseconds;
  };
  return { mirror, advance, now: () => time };
}

t.test('a token is known from its reading on', async (t) => {
  const { mirror } = open();
  t.equal(mirror.tokens(['a']), undefined);
  t.equal(await mirror.follow('a', async () => 'token'), 'token');
  t.same(mirror.tokens(['a']), { a: 'token' });
  t.equal(mirror.tokens(['a', 'b']), undefined, 'all of them, or none');
  t.same(mirror.tokens([]), {});
});

t.test('a tag without a token is not known: nothing is reported of it', async (t) => {
  const { mirror } = open();
  t.equal(await mirror.follow('a', async () => null), null);
  t.equal(mirror.tokens(['a']), undefined);
});

t.test('a change that is reported is forgotten, and no other', async (t) => {
  const { mirror } = open();
  await mirror.follow('a', async () => 'token');
  await mirror.follow('b', async () => 'token');
  mirror.forget(['a']);
  t.equal(mirror.tokens(['a']), undefined);
  t.same(mirror.tokens(['b']), { b: 'token' });
});

t.test('a change that is reported while a token is being read wins', async (t) => {
  for (const report of [(m: TokenMirror) => m.forget(['a']), (m: TokenMirror) => m.forgetAll()]) {
    const { mirror, now } = open();
    const gate = new Gate();
    const reading = mirror.follow('a', async () => {
      await gate.pass();
      return 'old';
    });
    report(mirror);
    mirror.proved(now());
    gate.open();
    t.equal(await reading, 'old', 'who asked is answered');
    t.equal(mirror.tokens(['a']), undefined, 'and no other one');
  }
});

t.test('of two readings only the later one counts', async (t) => {
  const { mirror } = open();
  const gate = new Gate();
  const earlier = mirror.follow('a', async () => {
    await gate.pass();
    return 'earlier';
  });
  await mirror.follow('a', async () => 'later');
  gate.open();
  await earlier;
  t.same(mirror.tokens(['a']), { a: 'later' });
});

t.test('a reading that fails leaves nothing behind', async (t) => {
  const { mirror } = open();
  await t.rejects(
    mirror.follow('a', () => Promise.reject(new Error('lost'))),
    { message: 'lost' },
  );
  t.equal(mirror.tokens(['a']), undefined);
});

t.test('what is known counts for a second after the question that was answered last', async (t) => {
  const { mirror, advance, now } = open();
  await mirror.follow('a', async () => 'token');
  advance(999);
  t.ok(mirror.tokens(['a']));
  advance(1);
  t.equal(mirror.tokens(['a']), undefined);
  mirror.proved(now() - 500);
  t.same(mirror.tokens(['a']), { a: 'token' }, 'the connection was alive all the time');
  advance(500);
  t.equal(mirror.tokens(['a']), undefined, 'counted from the question, not from its answer');
});

t.test(
  'after a loss nothing is known, and nothing counts until the connection has proved alive',
  async (t) => {
    const { mirror, now } = open();
    await mirror.follow('a', async () => 'token');
    mirror.forgetAll();
    await mirror.follow('a', async () => 'new');
    t.equal(mirror.tokens(['a']), undefined);
    mirror.proved(now());
    t.same(mirror.tokens(['a']), { a: 'new' });
  },
);
