import { isIP } from 'node:net';
import type { Ajv } from 'ajv';
import envSchema from 'env-schema';
import { type Static, Type } from 'typebox';
import { ConfigurationError } from './errors.ts';
import { fieldsOf, type Misspelt, misspelt, withoutUnset } from './platform/index.ts';

/** The name of the format of a list of proxies. */
const PROXIES = 'proxies';

/**
 * The one schema of everything a user can set: it gives the types, the defaults, the validation at start
 * and the rows of `.env.example` (a test compares them).
 */
export const configSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', minLength: 1, description: 'the address to listen on' }),
  PORT: Type.Integer({
    default: 8000,
    minimum: 0,
    maximum: 65535,
    description: 'the port to listen on, 0 to 65535 (0: any free one)',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description: 'the postgresql:// URL of any PostgreSQL 15 to 18 (unset: an embedded one in .data/)',
    }),
  ),
  DIRECT_DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description: 'the postgresql:// URL of PostgreSQL itself, where DATABASE_URL is a pooler (PgBouncer)',
    }),
  ),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?(\\+sentinel)?://',
      description:
        "the URL of any Redis 6.2 to 8: redis://host, redis://a,b,c/?cluster or redis+sentinel://h1,h2/group, rediss for TLS (unset: this process's memory)",
    }),
  ),
  API_KEYS: Type.Optional(
    Type.String({
      pattern: '^[^,\\s]+(\\s*,\\s*[^,\\s]+)*$',
      description:
        'the keys that may write, separated by commas (unset: the embedded database has one of its own, any other none)',
    }),
  ),
  WRITE_RATE_LIMIT: Type.Integer({
    default: 6000,
    minimum: 0,
    maximum: 1_000_000,
    description: 'the writes that one client may make in a minute, 0 to 1000000 (0: as many as it likes)',
  }),
  TRUST_PROXY: Type.Optional(
    Type.String({
      format: PROXIES,
      description:
        'the proxies whose X-Forwarded-For is believed: their addresses or networks, or loopback, linklocal or uniquelocal, separated by commas (unset: none)',
    }),
  ),
  PAGE_CACHE_TTL: Type.Integer({
    default: 900,
    minimum: 1,
    maximum: 86400,
    description: 'seconds for which a whole page is kept, 1 to 86400',
  }),
  DATA_CACHE_TTL: Type.Integer({
    default: 3600,
    minimum: 1,
    maximum: 86400,
    description: 'seconds for which the list behind it is kept, 1 to 86400',
  }),
  STALE_IF_ERROR: Type.Integer({
    default: 3600,
    minimum: 0,
    maximum: 86400,
    description:
      'seconds past its TTL for which the last known answer may be served while PostgreSQL is unreachable, 0 to 86400 (0: never)',
  }),
  CACHE_NAMESPACE: Type.String({
    default: 'property-listings',
    pattern: '^[A-Za-z0-9_.-]{1,64}$',
    description:
      'what all keys and channels in Redis begin with, 1 to 64 letters, digits, _, . and -: one for each service and environment that share a Redis',
  }),
  CACHE_LOCAL: Type.Union([Type.Literal('on'), Type.Literal('off')], {
    default: 'on',
    description:
      'whether this process answers from its own memory in front of Redis, on or off (off: every hit is one round trip)',
  }),
  CACHE_LOCAL_MAX_MB: Type.Integer({
    default: 64,
    minimum: 1,
    maximum: 4096,
    description: "the megabytes of this process's memory that cached entries may take, 1 to 4096",
  }),
  WEB_CONCURRENCY: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 64,
    description: 'the processes that answer at this address, 1 to 64: one a core is as many as help',
  }),
  DRAIN_SECONDS: Type.Integer({
    default: 3,
    minimum: 0,
    maximum: 5,
    description: 'seconds for which it goes on answering after SIGTERM, while /health/ready says 503, 0 to 5',
  }),
  LOG_LEVEL: Type.Union(
    (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map((l) => Type.Literal(l)),
    { default: 'info', description: 'one of fatal, error, warn, info, debug, trace and silent' },
  ),
});

export type Config = Static<typeof configSchema>;

/**
 * The configuration that an environment asks for. An empty variable counts as unset.
 *
 * @throws ConfigurationError, which names each wrong variable and what it must be
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  try {
    return envSchema<Config>({ ...schemaOptions(), data: withoutUnset(env) });
  } catch (error) {
    throw new ConfigurationError(describe(error));
  }
}

/** Variables that are no setting, but nearly one that is unset. */
export const misspeltSettings = (env: Readonly<Record<string, string | undefined>>): Misspelt[] =>
  misspelt(Object.keys(withoutUnset(env)), Object.keys(configSchema.properties));

/** The validator that env-schema made for the first configuration: another one would take 40 ms. */
let validator: Ajv | undefined;

/** For env-schema, which is what @fastify/env uses: it writes into the schema. */
export function schemaOptions() {
  const customOptions = (ajv: Ajv) => {
    validator = ajv.addFormat(PROXIES, areProxies);
    return validator;
  };
  return { schema, env: false, ajv: validator ?? { customOptions } };
}

const schema = structuredClone(configSchema);

/** Without its value: that may be a secret. */
function describe(error: unknown): string {
  const failures = Object.values(fieldsOf(fieldsOf(error).errors)); // As Ajv lists them.
  const names = new Set(failures.map((failure) => String(fieldsOf(failure).instancePath).slice(1)));
  return Object.entries(configSchema.properties)
    .filter(([name]) => names.has(name))
    .map(([name, schema]) => `${name} must be ${fieldsOf(schema).description}`)
    .join('; ');
}

/** Networks that Fastify knows by name (https://www.npmjs.com/package/@fastify/proxy-addr). */
const NAMED_NETWORKS = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** What Fastify takes for `trustProxy`, but no shorter notation of an address: `1` was a number of hops once. */
function areProxies(list: string): boolean {
  return list.split(',').every((item) => {
    const [address = '', bits, ...rest] = item.trim().split('/');
    if (NAMED_NETWORKS.has(item.trim())) return true;
    const max = isIP(address) === 6 ? 128 : 32;
    const isNetwork =
      bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= max);
    return isIP(address) !== 0 && isNetwork && rest.length === 0;
  });
}
