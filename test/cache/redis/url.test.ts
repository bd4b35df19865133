import t from 'tap';
import { parseRedisUrl } from '../../../src/cache/redis/url.ts';

t.test('one server is left to node-redis', async (t) => {
  for (const url of ['redis://localhost', 'rediss://user:secret@localhost:7000/3', 'redis://[::1]:6379']) {
    t.same(parseRedisUrl(url), { kind: 'single', url });
  }
});

t.test('a Cluster is several nodes and ?cluster', async (t) => {
  t.same(parseRedisUrl('redis://a,b:7001,[::1]:7002/?cluster'), {
    kind: 'cluster',
    nodes: [
      { host: 'a', port: 6379 },
      { host: 'b', port: 7001 },
      { host: '::1', port: 7002 },
    ],
    tls: false,
    login: {},
  });
  t.match(parseRedisUrl('rediss://us%40er:s%2Fecret@a?cluster'), {
    kind: 'cluster',
    tls: true,
    login: { username: 'us@er', password: 's/ecret' },
  });
  t.match(parseRedisUrl('redis://:secret@a/0?cluster=true'), { login: { password: 'secret' } });
});

t.test('Sentinels know the master of a group', async (t) => {
  t.same(parseRedisUrl('redis+sentinel://h1,h2:26380/mymaster'), {
    kind: 'sentinel',
    nodes: [
      { host: 'h1', port: 26379 },
      { host: 'h2', port: 26380 },
    ],
    tls: false,
    login: {},
    group: 'mymaster',
    database: 0,
  });
  t.match(parseRedisUrl('rediss+sentinel://:secret@h1/my%20master/2'), {
    tls: true,
    login: { password: 'secret' },
    group: 'my master',
    database: 2,
  });
});

t.test('what cannot be used is said without the URL, which may hold a password', async (t) => {
  for (const [url, reason] of [
    ['http://a', 'it is no URL of Redis'],
    ['redis://', 'it is no URL of Redis'],
    ['redis://a/?clutser', 'its only parameter is cluster'],
    ['redis://a,b', 'several hosts need ?cluster or redis+sentinel://'],
    ['redis+sentinel://h1', 'redis+sentinel:// needs the name of the group: redis+sentinel://h1,h2/mymaster'],
    ['redis+sentinel://h1/group/x', 'the database of Redis is a number'],
    ['redis://a,b/1?cluster', 'a Redis Cluster has no database but 0'],
    ['redis://a,,b/?cluster', 'a host of it cannot be read'],
    ['redis://a:99999/?cluster', 'a host of it cannot be read'],
  ] as const) {
    t.throws(() => parseRedisUrl(url), { message: reason }, url);
  }
});
