import t from 'tap';
import { ttlOf } from '../../../src/http-cache/pages/page.ts';
import { type Forward, forwardStatus, hitStatus } from '../../../src/http-cache/rules/cache-status.ts';
import { after, entry, TTL } from '../fixture.ts';

/** A list member of RFC 8941: a token, and parameters that are integers, tokens or true. */
const MEMBER =
  /^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*(; [a-z*][a-z0-9_.*-]*(=(-?\d{1,15}|[A-Za-z*][\w!#$%&'*+.^`|~:/-]*))?)*$/;

t.test('Cache-Status of a hit (RFC 9211 §2.1, §2.4)', async (t) => {
  for (const [what, seconds, ttl] of [
    ['says for how long it is fresh', 0, TTL],
    ['counts down', 10, TTL - 10],
    ['counts a second that has begun', 10.5, TTL - 10],
    ['is 0, not -0, when it expires', TTL, 0],
    ['is 0, not -0, just after that', TTL + 0.5, 0],
    ['is below 0 when it has expired', TTL + 5, -5],
    ['is no more than the ttl when the clock was set back', -100, TTL],
  ] as const) {
    t.test(what, async (t) => {
      const status = hitStatus(ttlOf(entry(), after(seconds)));
      t.equal(status, `property-listings; hit; ttl=${ttl}`);
      t.match(status, MEMBER);
    });
  }
});

t.test('Cache-Status of a request that went forward (RFC 9211 §2.2)', async (t) => {
  for (const reason of ['uri-miss', 'vary-miss', 'stale', 'request', 'bypass'] satisfies Forward[]) {
    t.test(`says why: ${reason}`, async (t) => {
      t.equal(forwardStatus(reason), `property-listings; fwd=${reason}`);
    });
  }

  for (const [what, forwarded, parameters] of [
    ['that it was stored (§2.5)', { stored: true }, '; stored'],
    ['nothing of what was not stored', { stored: false }, ''],
    ['that it was collapsed (§2.6)', { collapsed: true }, '; collapsed'],
    ['nothing of what was not collapsed', { collapsed: false }, ''],
    ['the status of the answer (§2.3)', { status: 304 }, '; fwd-status=304'],
    ['details (§2.8)', { detail: 'streaming' }, '; detail=streaming'],
    [
      'all of it',
      { status: 503, stored: true, collapsed: true, detail: 'stale-if-error' },
      '; fwd-status=503; stored; collapsed; detail=stale-if-error',
    ],
  ] as const) {
    t.test(`says ${what}`, async (t) => {
      const status = forwardStatus('stale', forwarded);
      t.equal(status, `property-listings; fwd=stale${parameters}`);
      t.match(status, MEMBER);
    });
  }

  t.test('never says that it was a hit: the two exclude each other', async (t) => {
    t.notMatch(forwardStatus('stale', { stored: true, status: 200 }), /hit/);
  });
});
