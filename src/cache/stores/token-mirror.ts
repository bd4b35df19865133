import { LRUCache } from 'lru-cache';
import type { Tag, Token, Tokens } from './store.ts';

/** Tags that are mirrored at once; one that was forgotten is read again. */
const MAX_TOKENS = 65_536;

/** How long the mirror is trusted after the connection last proved alive: the bound on staleness. Milliseconds. */
const TRUST_MS = 1_000;

export interface MirrorOptions {
  /** A clock that is never set back. Milliseconds. */
  readonly now?: (() => number) | undefined;
  /** How long it is trusted after a sign of life. Milliseconds. */
  readonly trustMs?: number | undefined;
}

/**
 * The tokens of a shared store as this process knows them: each that it read, until the store reports a change of it. Its
 * invariants:
 *
 * 1. Answers and reports of changes come over one connection, in the order in which they happened. Only the code that waits
 *    for an answer can run late: so a change that is reported while a token is being read wins.
 * 2. A report may be lost without a sign (a network that drops packets), so nothing here counts unless the
 *    connection proved alive within the last second: the answer to a probe proves that every report of what happened
 *    before the probe was sent has arrived.
 */
export class TokenMirror {
  readonly #now: () => number;
  readonly #trustMs: number;
  /** Counted as a size, because `max` would reserve room for all of them at once. */
  readonly #tokens = new LRUCache<Tag, Token>({ maxSize: MAX_TOKENS, sizeCalculation: () => 1 });
  readonly #reading = new Map<Tag, symbol>();
  #provedAt = Number.NEGATIVE_INFINITY;

  constructor({ now = () => performance.now(), trustMs = TRUST_MS }: MirrorOptions = {}) {
    this.#now = now;
    this.#trustMs = trustMs;
  }

  /** The tokens of all of `tags`, or undefined while one of them is not known for certain. */
  tokens(tags: readonly Tag[]): Tokens | undefined {
    if (this.#now() - this.#provedAt >= this.#trustMs) return undefined;
    const known: Record<Tag, Token> = {};
    for (const tag of tags) {
      const token = this.#tokens.get(tag);
      if (token === undefined) return undefined;
      known[tag] = token;
    }
    return known;
  }

  /** Whether the token of each of `tags` is known for certain, and is this one: called at every hit. */
  vouchesFor(tokens: Tokens, tags: readonly Tag[]): boolean {
    if (this.#now() - this.#provedAt >= this.#trustMs) return false;
    for (const tag of tags) {
      const token = this.#tokens.get(tag);
      if (token === undefined || token !== tokens[tag]) return false;
    }
    return true;
  }

  /**
   * Reads a tag's token, and knows it from then on unless a change is reported meanwhile. A tag that has none
   * is not known: nothing is reported of a key that is not there.
   */
  async follow(tag: Tag, read: () => Promise<Token | null>): Promise<Token | null> {
    const reading = Symbol(tag);
    this.#reading.set(tag, reading);
    try {
      const token = await read();
      if (token !== null && this.#reading.get(tag) === reading) this.#tokens.set(tag, token);
      return token;
    } finally {
      if (this.#reading.get(tag) === reading) this.#reading.delete(tag);
    }
  }

  /** The tokens of these tags changed, or may have. */
  forget(tags: Iterable<Tag>): void {
    for (const tag of tags) {
      this.#tokens.delete(tag);
      this.#reading.delete(tag);
    }
  }

  /** Nothing is known any more: the connection was lost, or everything was flushed. */
  forgetAll(): void {
    this.#tokens.clear();
    this.#reading.clear();
    this.#provedAt = Number.NEGATIVE_INFINITY;
  }

  /** The connection answered a probe that was sent at `sentAt`. */
  proved(sentAt: number): void {
    this.#provedAt = sentAt;
  }
}
