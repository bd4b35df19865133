import { RESP_TYPES } from 'redis';
import { decodeEntry, encodeEntry } from './entry-codec.ts';
import { type RedisClient, statsOfEach } from './redis-connection.ts';
import type { Claims, Entry, KeyspaceFigures, Last, Snapshot, Store, Tag, Token } from './store.ts';
import { newToken } from './token.ts';
import type { TokenMirror } from './token-mirror.ts';

const PREFIX = 'property-listings';
const TAG_PREFIX = `${PREFIX}:tag:`;

/** How long a change counts as handled; who hears of it later invalidates once more. Milliseconds. */
const CHANGE_MS = 5_000;

export const entryKey = (key: string): string => `${PREFIX}:${key}`;
export const tokenKey = (tag: Tag): string => `${TAG_PREFIX}${tag}`;
const claimKey = (name: string): string => `${PREFIX}:claim:${name}`;

/** In the slot of the token: a cluster runs a script on keys of one slot only. */
const changeKey = (change: string, tag: Tag): string => `${PREFIX}:change:${change}:{${tokenKey(tag)}}`;

/** Takes the token away and marks the change as handled, or neither if another instance did. */
const INVALIDATE_ONCE = `
if redis.call('SET', KEYS[2], '', 'NX', 'PX', ARGV[1]) then return redis.call('DEL', KEYS[1]) end
return 0`;

/** The tag that a key of Redis is the token of. */
export function tagOfKey(key: string): Tag | undefined {
  return key.startsWith(TAG_PREFIX) ? key.slice(TAG_PREFIX.length) : undefined;
}

/** Seconds after which a token that nobody invalidated ends, unless told otherwise. */
const TOKEN_SECONDS = 7_200;

export interface RedisStoreOptions {
  /** Seconds after which a token that nobody invalidated ends: longer than an entry is fresh, or it never is. */
  readonly tokenSeconds?: number;
  /** Told of every token that is read, where the client reports their changes. */
  readonly mirror?: TokenMirror | undefined;
}

/**
 * Redis as a store: the shared tier. Commands sent in one turn of the event loop travel as one pipeline
 * (one round trip) and need no common slot of a cluster.
 */
export class RedisStore implements Store {
  readonly tier = 'shared';
  readonly #client: RedisClient;
  readonly #buffers: ReturnType<typeof withBuffers>;
  readonly #options: RedisStoreOptions;

  constructor(client: RedisClient, options: RedisStoreOptions = {}) {
    this.#client = client;
    this.#buffers = withBuffers(client);
    this.#options = options;
  }

  async read(key: string, tags: readonly Tag[]): Promise<Snapshot> {
    const [last, ...tokens] = await Promise.all([
      this.last(key),
      ...tags.map(async (tag) => [tag, await this.#follow(tag)] as const),
    ]);
    return { entry: last?.entry, tokens: Object.fromEntries(tokens) };
  }

  async last(key: string): Promise<Last | undefined> {
    const bytes = await this.#buffers.get(entryKey(key));
    const entry = bytes ? decodeEntry(bytes) : undefined;
    return entry && { entry, tier: this.tier };
  }

  /** Written in any case, so that whoever reads next on this connection finds it; the tokens tell if it counts. */
  async write(key: string, entry: Entry, seconds: number): Promise<boolean> {
    const expiration = { type: 'EX', value: seconds } as const;
    const [, ...current] = await Promise.all([
      this.#client.set(entryKey(key), encodeEntry(entry), { expiration }),
      ...Object.keys(entry.tokens).map((tag) => this.#client.get(tokenKey(tag))),
    ]);
    return Object.values(entry.tokens).every((token, index) => token === current[index]);
  }

  /**
   * https://redis.io/docs/latest/commands/del/: unlike SET, which marks a change, it works while Redis is out of
   * memory. Where a change cannot be marked every instance invalidates.
   */
  async invalidate(tags: readonly Tag[], change?: string): Promise<void> {
    const once = (tag: Tag) =>
      this.#client.eval(INVALIDATE_ONCE, {
        keys: [tokenKey(tag), changeKey(String(change), tag)],
        arguments: [String(CHANGE_MS)],
      });
    const always = (tag: Tag) => this.#client.del(tokenKey(tag));
    const first = (tag: Tag) => once(tag).catch(() => always(tag));
    await Promise.all(tags.map(change === undefined ? always : first));
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

  /** https://redis.io/docs/latest/commands/info/: of every server, all that anybody asks of it. */
  async keyspace(): Promise<KeyspaceFigures> {
    const texts = await statsOfEach(this.#client);
    const figure = (name: string) =>
      texts.reduce((sum, text) => sum + Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1]), 0);
    return { hits: figure('keyspace_hits'), misses: figure('keyspace_misses') };
  }

  /**
   * A token that is gone as soon as it was made was invalidated in between, or not kept: one that nobody else has
   * then stands for it. Nothing that is stored with it will ever count.
   */
  async #follow(tag: Tag): Promise<Token> {
    const read = async () => (await this.#client.get(tokenKey(tag))) ?? (await this.#firstToken(tag));
    const { mirror } = this.#options;
    return (await (mirror ? mirror.follow(tag, read) : read())) ?? newToken();
  }

  /** `SET NX` and then `GET`, not `SET NX GET`: Redis 6.2 knows only the former. */
  async #firstToken(tag: Tag): Promise<Token | null> {
    const expiration = { type: 'EX', value: this.#options.tokenSeconds ?? TOKEN_SECONDS } as const;
    const [, token] = await Promise.all([
      this.#client.set(tokenKey(tag), newToken(), { condition: 'NX', expiration }),
      this.#client.get(tokenKey(tag)),
    ]);
    return token;
  }
}

/** Asked for as Buffers: as strings a 280 KB list costs twice as much. */
function withBuffers(client: RedisClient) {
  return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
}
