import { isFenced } from '../core/token.ts';
import { BoundedEntries } from './bounded-entries.ts';
import type {
  Claims,
  Entry,
  KeyspaceStatistics,
  Large,
  Last,
  MemoryUsage,
  Snapshot,
  Store,
  Tag,
} from './store.ts';
import type { TokenMirror } from './token-mirror.ts';

type CountingStore = Store & Required<Pick<Store, 'keyspace'>>;

/** The processes that mirror the tokens of the same store. */
export interface Forgetting {
  /** Resolves when each of them has forgotten the tokens of `tags`, or has had its time. */
  forget(tags: readonly Tag[]): Promise<void>;
}

/**
 * This process's memory in front of a shared store: a hit takes no round trip while the mirror knows the tokens
 * of all its tags. What this process invalidates is removed from the mirror before and after the store is
 * invalidated: before, because the store may not answer; after, because a reader may have mirrored the old token meanwhile.
 * Its peers are asked in the same turn, after the store; not for a change that every instance is notified of anyway.
 */
export class LocalTier implements Store {
  readonly tier = 'shared';
  readonly #shared: CountingStore;
  readonly #mirror: TokenMirror;
  readonly #peers: Forgetting;
  readonly #entries: BoundedEntries;
  readonly claims?: Claims;

  constructor(shared: CountingStore, mirror: TokenMirror, peers: Forgetting, maxBytes: number) {
    this.#shared = shared;
    this.#mirror = mirror;
    this.#peers = peers;
    this.#entries = new BoundedEntries(maxBytes);
    if (shared.claims) this.claims = shared.claims;
  }

  local(key: string, tags: readonly Tag[]): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry && this.#mirror.vouchesFor(entry.tokens, tags) ? entry : undefined;
  }

  async read(key: string, tags: readonly Tag[]): Promise<Snapshot> {
    const snapshot = await this.#shared.read(key, tags);
    const { entry, large, tokens } = snapshot;
    if (entry && !isFenced(entry, tokens)) this.#entries.set(key, compact(entry));
    if (!large) return snapshot;
    const own = this.#entries.get(key);
    if (own && isSameOrNewer(own, large) && !isFenced(own, tokens)) return { entry: own, tokens };
    return { ...snapshot, large: { ...large, fetch: (patience) => this.#fetch(key, large, patience) } };
  }

  /** The newer of the two: another process may have loaded since this one did. */
  async last(key: string): Promise<Last | undefined> {
    const shared = await this.#shared.last(key);
    const local = this.#entries.get(key);
    const there = shared?.entry ?? shared?.large;
    if (!local || (there && there.storedAt > local.storedAt)) return shared;
    return { entry: local, tier: 'local' };
  }

  lastLocal(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** A fenced fill does not replace a valid entry, as far as this process knows. */
  async write(key: string, entry: Entry, seconds: number): Promise<boolean> {
    const tokens = this.#mirror.tokens(Object.keys(entry.tokens));
    if (tokens && isFenced(entry, tokens)) return false;
    this.#entries.set(key, entry);
    return this.#shared.write(key, entry, seconds);
  }

  async invalidate(tags: readonly Tag[], change?: string): Promise<void> {
    this.#mirror.forget(tags);
    try {
      const invalidated = this.#shared.invalidate(tags, change);
      const forgotten = change === undefined ? this.#peers.forget(tags) : undefined;
      await Promise.all([invalidated, forgotten]);
    } finally {
      this.#mirror.forget(tags);
    }
  }

  keyspace(): Promise<KeyspaceStatistics> {
    return this.#shared.keyspace();
  }

  memory(): MemoryUsage {
    return this.#entries.usage();
  }

  async #fetch(key: string, large: Large, patience: number): Promise<Entry | undefined> {
    const entry = await large.fetch(patience);
    if (entry) this.#entries.set(key, entry);
    return entry;
  }
}

function isSameOrNewer(entry: Entry, { storedAt, identity }: Large): boolean {
  return entry.identity === identity && entry.storedAt >= storedAt;
}

/** Copies a small body, which would keep alive the larger buffer that was received from the socket. */
function compact(entry: Entry): Entry {
  const { head, body } = entry.value;
  if (body.buffer.byteLength < 2 * body.byteLength) return entry;
  return { ...entry, value: { head, body: Buffer.from(body) } };
}
