import { LRUCache } from 'lru-cache';
import { fingerprint, newToken } from '../core/token.ts';
import type {
  Claims,
  Entry,
  Found,
  KeyspaceStatistics,
  Last,
  Snapshot,
  Store,
  Tag,
  Token,
  Tokens,
} from '../stores/store.ts';
import type { TokenMirror } from '../stores/token-mirror.ts';
import { type BufferClient, type RedisClient, withBuffers } from './client.ts';
import { decodeEntry, type Elsewhere, type Encoded, encodeEntry, FIRST_BYTES } from './entry-codec.ts';
import { Keyspace } from './keyspace.ts';
import { RedisParts } from './parts.ts';
import { isReply } from './replies.ts';
import { statsOfEach } from './statistics.ts';

/** How long a change counts as handled; an instance that is notified of it later invalidates again. Milliseconds. */
const CHANGE_MS = 5_000;

/** Takes the token away and marks the change as handled, or neither if another instance did. */
const INVALIDATE_ONCE = `
if redis.call('SET', KEYS[2], '', 'NX', 'PX', ARGV[1]) then return redis.call('DEL', KEYS[1]) end
return 0`;

/** Seconds after which a token that is not invalidated expires, unless given. */
const TOKEN_SECONDS = 7_200;

/** For how many large entries it is remembered where their values are, to delete them when they are replaced. */
const MAX_LARGE = 1_000;

export interface RedisStoreOptions {
  /** The names of its keys: those of the connection. */
  readonly keyspace?: Keyspace;
  /** Seconds after which a token that is not invalidated expires: longer than any entry is fresh. */
  readonly tokenSeconds?: number;
  /** Keeps every token that is read, where the client reports their changes. */
  readonly mirror?: TokenMirror | undefined;
}

/**
 * Redis as a store: the shared tier. Commands sent in one turn of the event loop travel as one pipeline
 * (one round trip) and need no common slot of a cluster. None of them is long: of an entry's key no more bytes are read
 * than an entry has there, and the value of a large one is in parts.
 */
export class RedisStore implements Store {
  readonly tier = 'shared';
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #buffers: BufferClient;
  readonly #parts: RedisParts;
  readonly #large = new LRUCache<string, Elsewhere>({ max: MAX_LARGE });
  readonly #writing = new Map<string, Promise<boolean>>();
  readonly #options: RedisStoreOptions;

  constructor(client: RedisClient, options: RedisStoreOptions = {}) {
    this.#client = client;
    this.#buffers = withBuffers(client);
    this.#keyspace = options.keyspace ?? new Keyspace();
    this.#parts = new RedisParts(client, this.#keyspace);
    this.#options = options;
  }

  async read(key: string, tags: readonly Tag[]): Promise<Snapshot> {
    const tokens = tags.map(async (tag) => [tag, await this.#follow(tag)] as const);
    const [found, ...current] = await Promise.all([this.#find(key), ...tokens]);
    return { ...found, tokens: Object.fromEntries(current) };
  }

  async last(key: string): Promise<Last | undefined> {
    const found = await this.#find(key);
    return found.entry || found.large ? { ...found, tier: this.tier } : undefined;
  }

  /**
   * A small entry is written in any case, so that the next read on this connection finds it; its tokens decide if it counts.
   * A large one takes time: the write is given up, and replaces nothing, once the entry is fenced; and of entries with the same
   * tokens one is written at a time.
   */
  async write(key: string, entry: Entry, seconds: number): Promise<boolean> {
    const encoded = encodeEntry(entry);
    const write = () => this.#write(key, entry, { ...encoded, seconds });
    if (!encoded.elsewhere) return write();
    const name = `${key} ${fingerprint(entry.tokens)}`;
    const running = this.#writing.get(name);
    if (running) return running;
    const writing = write().finally(() => this.#writing.delete(name));
    this.#writing.set(name, writing);
    return writing;
  }

  /**
   * https://redis.io/docs/latest/commands/del/: unlike SET, which marks a change, it works while Redis is out of
   * memory. Where a change cannot be marked every instance invalidates.
   */
  async invalidate(tags: readonly Tag[], change?: string): Promise<void> {
    const once = (tag: Tag) =>
      this.#client.eval(INVALIDATE_ONCE, {
        keys: [this.#keyspace.token(tag), this.#keyspace.change(String(change), tag)],
        arguments: [String(CHANGE_MS)],
      });
    const always = (tag: Tag) => this.#client.del(this.#keyspace.token(tag));
    const first = (tag: Tag) => once(tag).catch(() => always(tag));
    await Promise.all(tags.map(change === undefined ? always : first));
  }

  readonly claims: Claims = {
    claim: async (name, milliseconds) => {
      const expiration = { type: 'PX', value: milliseconds } as const;
      return (
        (await this.#client.set(this.#keyspace.claim(name), '1', { condition: 'NX', expiration })) !== null
      );
    },
    /** May delete a claim that another instance took over: that costs one load more, never a wrong answer. */
    release: async (name) => {
      await this.#client.del(this.#keyspace.claim(name));
    },
  };

  /** https://redis.io/docs/latest/commands/info/: the sum of all servers, with what other programs do. */
  async keyspace(): Promise<KeyspaceStatistics> {
    const texts = await statsOfEach(this.#client);
    const total = (name: string) =>
      texts.reduce((sum, text) => sum + Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1]), 0);
    return { hits: total('keyspace_hits'), misses: total('keyspace_misses') };
  }

  async #write(key: string, entry: Entry, { first, elsewhere, seconds }: Encoded & { seconds: number }) {
    const isCurrent = () => this.#areCurrent(entry.tokens);
    const { body } = entry.value;
    let isThere = false;
    try {
      if (elsewhere && !(await this.#parts.write({ elsewhere, body, seconds, isCurrent }))) return false;
      const expiration = { type: 'EX', value: seconds } as const;
      const replaced = this.#large.get(key);
      const written = this.#client.set(this.#keyspace.entry(key), first, { expiration });
      const [isKept] = await Promise.all([isCurrent(), written]);
      this.#noteLarge(key, elsewhere);
      isThere = true;
      if (replaced) await this.#parts.remove(replaced);
      return isKept;
    } finally {
      if (elsewhere && !isThere) await this.#parts.remove(elsewhere).catch(() => {}); // Else they expire by themselves.
    }
  }

  /** Remembers the parts under a key; those that this process does not know of expire by themselves. */
  #noteLarge(key: string, elsewhere: Elsewhere | undefined): void {
    if (elsewhere) this.#large.set(key, elsewhere);
    else this.#large.delete(key);
  }

  async #find(key: string): Promise<Found> {
    const bytes = await this.#firstBytes(this.#keyspace.entry(key));
    const { entry, elsewhere } = (bytes && decodeEntry(bytes)) ?? {};
    this.#noteLarge(key, elsewhere);
    if (!entry || !elsewhere) return { entry };
    const { value, ...rest } = entry;
    const fetch = async (patience: number): Promise<Entry | undefined> => {
      const body = await this.#parts.fetch(key, elsewhere, patience);
      return body && { ...rest, value: { head: value.head, body } };
    };
    return { entry: undefined, large: { ...rest, fetch } };
  }

  /**
   * https://redis.io/docs/latest/commands/getrange/: a value that another program put there may be of any length. Where the
   * command is not permitted, `GET` takes one round trip more. A key that holds no string is no entry, and will be replaced.
   */
  async #firstBytes(name: string): Promise<Buffer | null> {
    const range = this.#buffers.getRange(name, 0, FIRST_BYTES - 1);
    const bytes = range.catch((error) => (isReply(error, 'NOPERM') ? this.#buffers.get(name) : fail(error)));
    return bytes.catch((error) => (isReply(error, 'WRONGTYPE') ? null : fail(error)));
  }

  async #areCurrent(tokens: Tokens): Promise<boolean> {
    const current = await Promise.all(
      Object.keys(tokens).map((tag) => this.#client.get(this.#keyspace.token(tag))),
    );
    return Object.values(tokens).every((token, index) => token === current[index]);
  }

  /**
   * A token that is gone as soon as it was made was invalidated in between, or not kept: a new one that is not stored then
   * takes its place, so that no entry with it is ever served.
   */
  async #follow(tag: Tag): Promise<Token> {
    const read = async () => (await this.#token(tag)) ?? (await this.#firstToken(tag));
    const { mirror } = this.#options;
    return (await (mirror ? mirror.follow(tag, read) : read())) ?? newToken();
  }

  /** A key that holds no string is no token: it is deleted, as a token is that is invalidated. */
  async #token(tag: Tag): Promise<Token | null> {
    return this.#client.get(this.#keyspace.token(tag)).catch(async (error) => {
      if (!isReply(error, 'WRONGTYPE')) throw error;
      await this.#client.del(this.#keyspace.token(tag));
      return null;
    });
  }

  /** `SET NX` and then `GET`, not `SET NX GET`: Redis 6.2 knows only the former. */
  async #firstToken(tag: Tag): Promise<Token | null> {
    const expiration = { type: 'EX', value: this.#options.tokenSeconds ?? TOKEN_SECONDS } as const;
    const [, token] = await Promise.all([
      this.#client.set(this.#keyspace.token(tag), newToken(), { condition: 'NX', expiration }),
      this.#client.get(this.#keyspace.token(tag)),
    ]);
    return token;
  }
}

function fail(error: unknown): never {
  throw error;
}
