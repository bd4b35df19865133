/** Where Redis is: one server, the nodes of a Cluster, or the Sentinels that know the master of a group. */
export type RedisAddress =
  | { readonly kind: 'single'; readonly url: string }
  | ({ readonly kind: 'cluster' } & Several)
  | ({ readonly kind: 'sentinel'; readonly group: string; readonly database: number } & Several);

interface Several {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  /** For the servers that hold the data; Sentinels are connected without a login. */
  readonly login: { readonly username?: string; readonly password?: string };
}

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26379;

const SEVERAL =
  /^redis(?<tls>s?)(?<sentinel>\+sentinel)?:\/\/(?:(?<user>[^:@/]*)(?::(?<secret>[^@/]*))?@)?(?<hosts>[^/?#]+)(?:\/(?<path>[^?#]*))?(?<query>\?[^#]*)?$/;

/**
 * Reads a URL of Redis: `redis://a`, `redis://a,b:7001,c/?cluster` or `redis+sentinel://h1,h2/mymaster`, each
 * also with `rediss` for TLS and with `user:password@` before the hosts.
 *
 * @throws an Error of one line that says what is wrong with it, without the URL: it may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parts = SEVERAL.exec(url)?.groups;
  if (!parts) throw new Error('it is no URL of Redis');
  const parameters = new URLSearchParams(parts.query);
  const cluster = parameters.has('cluster');
  if ([...parameters.keys()].some((name) => name !== 'cluster'))
    throw new Error('its only parameter is cluster');
  const { hosts: names = '' } = parts;
  if (!parts.sentinel && !cluster) {
    if (names.includes(',')) throw new Error('several hosts need ?cluster or redis+sentinel://');
    return { kind: 'single', url };
  }
  const several: Several = {
    nodes: hosts(names, parts.sentinel ? SENTINEL_PORT : REDIS_PORT),
    tls: parts.tls === 's',
    login: {
      ...(parts.user && { username: decodeURIComponent(parts.user) }),
      ...(parts.secret && { password: decodeURIComponent(parts.secret) }),
    },
  };
  if (!parts.sentinel) return clusterOf(several, parts.path);
  const [group = '', database = '0'] = (parts.path ?? '').split('/');
  if (group === '')
    throw new Error('redis+sentinel:// needs the name of the group: redis+sentinel://h1,h2/mymaster');
  if (!/^\d{1,4}$/.test(database)) throw new Error('the database of Redis is a number');
  return { kind: 'sentinel', group: decodeURIComponent(group), database: Number(database), ...several };
}

function clusterOf(several: Several, path = ''): RedisAddress {
  if (!/^0?$/.test(path)) throw new Error('a Redis Cluster has no database but 0');
  return { kind: 'cluster', ...several };
}

function hosts(list: string, defaultPort: number): Several['nodes'] {
  return list.split(',').map((host) => {
    const [, name, port = String(defaultPort)] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(host) ?? [];
    if (name === undefined || Number(port) > 65_535) throw new Error('a host of it cannot be read');
    return { host: name.replace(/^\[|\]$/g, ''), port: Number(port) };
  });
}
