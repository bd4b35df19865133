import { BoundedEntries } from './bounded-entries.ts';
import type { Claims, Entry, KeyspaceFigures, Last, MemoryFigures, Snapshot, Store, Tag } from './store.ts';
import { isFenced } from './token.ts';
import type { TokenMirror } from './token-mirror.ts';

type CountingStore = Store & Required<Pick<Store, 'keyspace'>>;

/** Those who mirror the tokens of the same store. */
export interface Forgetting {
  /** Resolves when each of them has forgotten the tokens of `tags`, or has had its time. */
  forget(tags: readonly Tag[]): Promise<void>;
}

/**
 * This process's memory in front of a shared store: a hit takes no round trip while the mirror knows the tokens
 * of all its tags. What this process invalidates is gone from the mirror before and after the store was told:
 * before, because the store may not answer; after, because a reader may have mirrored the old token meanwhile.
 * Its peers are told in the same turn, after the store; of a change that every instance hears of they need not be.
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
    const { entry, tokens } = snapshot;
    if (entry && !isFenced(entry, tokens)) this.#entries.set(key, compact(entry));
    return snapshot;
  }

  /** The newer one: another process may have loaded since this one did. */
  async last(key: string): Promise<Last | undefined> {
    const shared = await this.#shared.last(key);
    const local = this.lastLocal(key);
    return !local || (shared && shared.entry.storedAt > local.entry.storedAt) ? shared : local;
  }

  lastLocal(key: string): Last | undefined {
    const entry = this.#entries.get(key);
    return entry && { entry, tier: 'local' };
  }

  /** A fill that came too late takes no good entry's place, as far as this process knows. */
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

  keyspace(): Promise<KeyspaceFigures> {
    return this.#shared.keyspace();
  }

  memory(): MemoryFigures {
    return this.#entries.figures();
  }
}

/** A small body is a part of what came over the socket, which would stay as long as it does. */
function compact(entry: Entry): Entry {
  const { head, body } = entry.value;
  if (body.buffer.byteLength < 2 * body.byteLength) return entry;
  return { ...entry, value: { head, body: Buffer.from(body) } };
}
