import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { createClient } from 'redis';
import type { Test } from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';
import { freePort } from '../../support/redis.ts';
import type { Scope } from '../../support/scope.ts';
import { checkout } from '../../support/server.ts';
import { untraced } from '../../support/untraced.ts';
import { write } from './app.ts';

/** Between two checks of a state that is not reported. Milliseconds. */
const LOOK_MS = 20;

/** A node of a cluster talks to the others on the port that is so much higher. */
const BUS_OFFSET = 10_000;
const MAX_PORT = 65_535;

/** Slots of any Redis Cluster: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/. */
const SLOTS = 16_384;

/** After what silence a node of a cluster counts as failed. Milliseconds. */
const NODE_TIMEOUT_MS = 1_000;

/** After what silence a Sentinel thinks that the master is down. Milliseconds. */
const DOWN_AFTER_MS = 500;

/** Until the Sentinels try a failover again. Milliseconds. */
const FAILOVER_TIMEOUT_MS = 1_500;

/** Asks again until it is so: what is awaited happens in another process, which does not report it. `_what` is for the reader. */
export async function until(_what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await delay(LOOK_MS);
}

/** A redis-server at a port of its own that can be killed, started again, paused and resumed. */
export class RedisProcess {
  readonly port: number;
  readonly #cwd: string;
  readonly #args: readonly string[];
  readonly #login: { readonly password?: string };
  #child: ChildProcess | undefined;

  constructor(
    t: Scope,
    {
      port,
      cwd,
      args,
      password,
    }: { port: number; cwd: string; args: readonly string[]; password?: string | undefined },
  ) {
    this.port = port;
    this.#cwd = cwd;
    this.#args = args;
    this.#login = password === undefined ? {} : { password };
    t.teardown(() => this.kill());
  }

  /** Resolves when it answers. */
  async start(): Promise<this> {
    this.#child = spawn('redis-server', this.#args, { cwd: this.#cwd, stdio: 'ignore' });
    await until(`the server at ${this.port} answers`, async () => {
      const answer = await this.command(['PING']).catch(() => undefined);
      return answer === 'PONG';
    });
    return this;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** On a connection of its own. */
  async command(args: string[]): Promise<unknown> {
    const client = createClient({
      ...this.#login,
      socket: { host: '127.0.0.1', port: this.port, reconnectStrategy: false },
    });
    client.on('error', () => {}); // The caller hears of it.
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  }

  /** A figure of `INFO <section>`: `name:figure` or `name:calls=figure,…`; 0 if it is not there. */
  async figure(section: string, name: string): Promise<number> {
    const text = String(await this.command(['INFO', section]));
    return Number(new RegExp(`^${name}:(?:calls=)?(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  }

  /** The sum of a figure over servers. */
  static async sum(servers: readonly RedisProcess[], section: string, name: string): Promise<number> {
    const figures = await Promise.all(servers.map((server) => server.figure(section, name)));
    return figures.reduce((sum, figure) => sum + figure, 0);
  }
}

const COMMON = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];

/** Ports for a cluster's nodes; nothing listens at them yet. */
export async function clusterPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = await freePort();
    if (port + BUS_OFFSET <= MAX_PORT && (await isFree(port + BUS_OFFSET))) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const listening = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  server.close();
  return listening;
}

export const clusterUrl = (ports: readonly number[]): string =>
  `redis://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/?cluster`;

const MASTERS = 3;
const SHARE = Math.ceil(SLOTS / MASTERS);

/**
 * Three masters with a third of the slots each, and a replica of the one that has the slot of `replicated`, if that
 * is given. What is in a node survives no restart, but its part in the cluster does.
 *
 * @param whileEmpty awaited when the nodes answer and none has a slot yet
 */
export async function startCluster(
  t: Scope,
  ports: readonly number[],
  { replicated, whileEmpty }: { replicated?: string; whileEmpty?: Promise<void> } = {},
) {
  const nodes = await Promise.all(ports.map((port) => startClusterNode(t, port)));
  await whileEmpty;
  const masters = nodes.slice(0, MASTERS);
  for (const [index, master] of masters.entries()) {
    const first = index * SHARE;
    const slots = Array.from({ length: Math.min(SHARE, SLOTS - first) }, (_, slot) => String(first + slot));
    await master.command(['CLUSTER', 'ADDSLOTS', ...slots]); // ADDSLOTSRANGE: from Redis 7 on.
  }
  await meet(nodes);
  const [replica] = nodes.slice(MASTERS);
  if (replica === undefined || replicated === undefined) return { nodes };
  const slot = Number(await replica.command(['CLUSTER', 'KEYSLOT', replicated]));
  const master = masters[Math.floor(slot / SHARE)];
  const name = String(await master?.command(['CLUSTER', 'MYID']));
  await replica.command(['CLUSTER', 'REPLICATE', name]);
  await untilItFollows(replica);
  return { nodes, first: master, second: replica };
}

async function startClusterNode(t: Scope, port: number): Promise<RedisProcess> {
  const cluster = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(NODE_TIMEOUT_MS)];
  const folder = await checkout(t);
  const args = ['--port', String(port), '--dir', folder, ...COMMON, ...cluster];
  const announced = [...args, '--cluster-announce-ip', '127.0.0.1'];
  return new RedisProcess(t, { port, cwd: folder, args: announced }).start();
}

/** Each meets each: that they tell each other of the others takes them seconds. */
async function meet(nodes: readonly RedisProcess[]): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    for (const { port } of nodes.slice(index + 1)) {
      await node.command(['CLUSTER', 'MEET', '127.0.0.1', String(port)]);
    }
  }
  for (const node of nodes) {
    await until(`the node at ${node.port} knows a whole cluster`, async () => {
      const info = String(await node.command(['CLUSTER', 'INFO']));
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}`);
    });
  }
}

/** Whether a server is a master; one that is away, or that ends connections because it becomes another, is none. */
export const isMaster = async (server: RedisProcess | undefined): Promise<boolean> =>
  String(await server?.command(['ROLE']).catch(() => undefined)).startsWith('master');

/** `up` when a replica has everything that its master has. */
async function linkOf(replica: RedisProcess | undefined): Promise<string | undefined> {
  const text = String(await replica?.command(['INFO', 'replication']));
  return /master_link_status:(\w+)/.exec(text)?.[1];
}

export const untilItFollows = (replica: RedisProcess): Promise<void> =>
  until(
    `the replica at ${replica.port} has what its master has`,
    async () => (await linkOf(replica)) === 'up',
  );

export interface SentinelPorts {
  readonly master: number;
  readonly replica: number;
  readonly sentinels: readonly number[];
}

/** Ports for a master, its replica and three Sentinels; nothing listens at them yet. */
export async function sentinelPorts(): Promise<SentinelPorts> {
  const ports = new Set<number>();
  while (ports.size < 5) ports.add(await freePort());
  const [master = 0, replica = 0, ...sentinels] = ports;
  return { master, replica, sentinels };
}

/** What the Sentinels call their master. */
export const GROUP = 'mymaster';

/** The first two Sentinels, as a service is told of them. */
export const sentinelUrl = ({ sentinels }: SentinelPorts, password?: string): string => {
  const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  const hosts = sentinels.slice(0, 2).map((port) => `127.0.0.1:${port}`);
  return `redis+sentinel://${login}${hosts.join(',')}/${GROUP}`;
};

/** A master, a replica of it, and three Sentinels of which two decide. */
export async function startSentinels(t: Scope, ports: SentinelPorts, password?: string) {
  const folder = await checkout(t);
  const secrets = password === undefined ? [] : ['--requirepass', password, '--masterauth', password];
  const server = (port: number, ...more: string[]) => {
    const args = ['--port', String(port), '--dir', folder, '--repl-diskless-sync-delay', '0', ...COMMON];
    return new RedisProcess(t, { port, cwd: folder, args: [...args, ...secrets, ...more], password }).start();
  };
  const first = await server(ports.master);
  const second = await server(ports.replica, '--replicaof', `127.0.0.1 ${ports.master}`);
  await untilItFollows(second);
  const sentinels = await Promise.all(
    ports.sentinels.map((port) => startSentinel(t, { port, folder, master: ports.master, password })),
  );
  for (const sentinel of sentinels) await untilItKnowsAll(sentinel);
  return { first, second, sentinels };
}

interface SentinelOptions {
  readonly port: number;
  readonly folder: string;
  readonly master: number;
  readonly password: string | undefined;
}

async function startSentinel(t: Scope, options: SentinelOptions): Promise<RedisProcess> {
  const { port, folder, master, password } = options;
  const file = join(folder, `sentinel-${port}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${GROUP} 127.0.0.1 ${master} 2`,
    `sentinel down-after-milliseconds ${GROUP} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${GROUP} ${FAILOVER_TIMEOUT_MS}`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${GROUP} "${password}"`]),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return new RedisProcess(t, { port, cwd: folder, args: [file, '--sentinel'] }).start();
}

async function untilItKnowsAll(sentinel: RedisProcess): Promise<void> {
  await until(
    `the Sentinel at ${sentinel.port} knows the others and the replica`,
    async () =>
      String(await sentinel.command(['INFO', 'sentinel'])).includes('status=ok,address=127.0.0.1') &&
      String(await sentinel.command(['INFO', 'sentinel'])).includes('slaves=1,sentinels=3'),
  );
}

/** How long a process tries to connect before it closes. Milliseconds. */
const TRY_MS = 300;

/** That closing ends everything, with these servers up, silent and down. */
export async function closesSoon(
  t: Test,
  { url, servers, app }: { url: string; servers: readonly RedisProcess[]; app: FastifyInstance },
): Promise<void> {
  const pause = async () => {
    for (const server of servers) server.pause();
  };
  const kill = async () => {
    for (const server of servers) await server.kill();
  };
  for (const [state, enter] of [
    ['up', async () => {}],
    ['silent', pause],
    ['down', kill],
  ] as const) {
    await enter();
    t.equal(await endOfConnecting(url, TRY_MS), 0, `${state}: the process ended by itself`);
  }
  await app.close();
}

/**
 * Connects in a process of its own that has nothing else to do, closes when it is connected or after `milliseconds`, and
 * waits for its end.
 *
 * @returns its exit code
 */
async function endOfConnecting(url: string, milliseconds: number): Promise<number> {
  const module = pathToFileURL(join(packageRoot, 'dist', 'src', 'cache', 'redis', 'connection.js')).href;
  const script = `
    const { openRedis } = await import(${JSON.stringify(module)});
    const connection = openRedis(${JSON.stringify(url)});
    const soon = new Promise((resolve) => setTimeout(resolve, ${milliseconds}).unref());
    const hold = setInterval(() => {}, ${milliseconds});
    await Promise.race([connection.connect(), soon]);
    clearInterval(hold);
    connection.close();`;
  const child = spawn(...untraced(process.execPath, ['--input-type=module', '--eval', script]), {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'close');
  return code;
}

export const status = async (app: FastifyInstance, url = '/properties/'): Promise<string> =>
  String((await app.inject(url)).headers['cache-status']);

/** Reads until the answer comes from the cache. */
export const untilHit = (app: FastifyInstance, url?: string): Promise<void> =>
  until('the cache is used', async () => /hit/.test(await status(app, url)));

export const titles = async (app: FastifyInstance): Promise<string[]> =>
  (await app.inject('/properties/')).json().properties.map(({ title }: { title: string }) => title);

/** @returns the status code */
export const patch = async (app: FastifyInstance, id: number, title: string): Promise<number> =>
  (await write(app, 'PATCH', `/properties/${id}/`, { title })).statusCode;

export async function timed<T>(action: () => Promise<T>): Promise<[milliseconds: number, result: T]> {
  const begun = performance.now();
  const result = await action();
  return [Math.round(performance.now() - begun), result];
}
