import { RESP_TYPES, type RedisClientType } from 'redis';
import { decodeEntry, encodeEntry } from './entry-codec.ts';
import type { Claims, Entry, KeyspaceFigures, Snapshot, Store, Tag, Token } from './store.ts';
import { newToken } from './token.ts';

const PREFIX = 'property-listings';

/** Longer than any entry can live, so that a token's end costs at most one fill a day. Seconds. */
const TOKEN_SECONDS = 2 * 86_400;

export const entryKey = (key: string): string => `${PREFIX}:${key}`;
export const tokenKey = (tag: Tag): string => `${PREFIX}:tag:${tag}`;
const claimKey = (name: string): string => `${PREFIX}:claim:${name}`;

/**
 * Redis as a store: the shared tier. Commands sent in one turn of the event loop travel as one pipeline
 * (one round trip) and need no common slot of a cluster.
 */
export class RedisStore implements Store {
  readonly #client: RedisClientType;
  readonly #buffers: ReturnType<typeof withBuffers>;

  constructor(client: RedisClientType) {
    this.#client = client;
    this.#buffers = withBuffers(client);
  }

  async read(key: string, tags: readonly Tag[]): Promise<Snapshot> {
    const [bytes, ...tokens] = await Promise.all([
      this.#buffers.get(entryKey(key)),
      ...tags.map(async (tag) => [tag, await this.#client.get(tokenKey(tag))] as const),
    ]);
    const complete = tokens.map(
      async ([tag, token]) => [tag, token ?? (await this.#firstToken(tag))] as const,
    );
    return {
      entry: bytes ? decodeEntry(bytes) : undefined,
      tokens: Object.fromEntries(await Promise.all(complete)),
    };
  }

  async write(key: string, entry: Entry, seconds: number): Promise<void> {
    await this.#client.set(entryKey(key), encodeEntry(entry), { expiration: { type: 'EX', value: seconds } });
  }

  async invalidate(tags: readonly Tag[]): Promise<void> {
    const expiration = { type: 'EX', value: TOKEN_SECONDS } as const;
    await Promise.all(tags.map((tag) => this.#client.set(tokenKey(tag), newToken(), { expiration })));
  }

  readonly claims: Claims = {
    claim: async (name, milliseconds) => {
      const expiration = { type: 'PX', value: milliseconds } as const;
      return (await this.#client.set(claimKey(name), '1', { condition: 'NX', expiration })) !== null;
    },
    /** May delete a claim that somebody took over: that costs one load more, never a wrong answer. */
    release: async (name) => {
      await this.#client.del(claimKey(name));
    },
  };

  /** https://redis.io/docs/latest/commands/info/: `keyspace_hits` and `keyspace_misses` of the whole server. */
  async keyspace(): Promise<KeyspaceFigures> {
    const lines = (await this.#client.info('stats')).split('\r\n');
    const { keyspace_hits, keyspace_misses } = Object.fromEntries(lines.map((line) => line.split(':')));
    return { hits: Number(keyspace_hits), misses: Number(keyspace_misses) };
  }

  /** `SET NX` and then `GET`, not `SET NX GET`: Redis 6.2 knows only the former. */
  async #firstToken(tag: Tag): Promise<Token> {
    const expiration = { type: 'EX', value: TOKEN_SECONDS } as const;
    const [, token] = await Promise.all([
      this.#client.set(tokenKey(tag), newToken(), { condition: 'NX', expiration }),
      this.#client.get(tokenKey(tag)),
    ]);
    if (token === null) throw new Error(`Redis did not keep the token of ${tag}: is its memory full?`);
    return token;
  }
}

/** Asked for as Buffers: as strings a 280 KB list costs twice as much. */
function withBuffers(client: RedisClientType) {
  return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
}
