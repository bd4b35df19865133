import type { Origin } from '../cache/events.ts';
import type { Tag } from '../cache/store.ts';
import type { Invalidation } from './live-events.ts';

/** Invalidations of one second that are told one by one. */
const PER_SECOND = 50;

/** Tags of one invalidation that are told. */
const TAGS = 12;

/** Of what a program calls itself, which may be anything. UTF-16 code units. */
const NAME_LENGTH = 64;

type Untold = Omit<Invalidation, 'id'>;

/** Invalidations as those who watch hear of them: few by few, but a burst as one when its second is over. */
export class ToldInvalidations {
  #lastId = 0;
  #told = 0;
  #rest: Untold | undefined;

  /** What to say of it at once, if anything. */
  heard(tags: readonly Tag[], origin: Origin, now: number): Invalidation | undefined {
    const { cause } = origin;
    if (cause === 'echo') return undefined; // Told when it was written.
    const latencyMs = origin.at === undefined ? null : Math.max(0, now - origin.at);
    const shown = tags.slice(0, TAGS);
    const more = tags.length - shown.length;
    const untold = { at: now, tags: shown, more, cause, by: nameOf(origin), latencyMs };
    if (this.#told === PER_SECOND) {
      this.#rest = this.#rest ? joined(this.#rest, untold) : untold;
      return undefined;
    }
    this.#told += 1;
    return this.#numbered(untold);
  }

  /** To be called every second: what is left to say of it, if anything. */
  endSecond(): Invalidation | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    this.#told = 0;
    return rest && this.#numbered(rest);
  }

  #numbered(untold: Untold): Invalidation {
    this.#lastId += 1;
    return { id: this.#lastId, ...untold };
  }
}

/** The later one, and how many tags the earlier ones had. */
function joined(earlier: Untold, later: Untold): Untold {
  return { ...later, more: later.more + earlier.tags.length + earlier.more };
}

/** Without control characters, and without half a pair where it was cut. */
function nameOf({ by = '' }: Origin): string | null {
  return by.slice(0, NAME_LENGTH).replace(/\p{C}/gu, '') || null;
}
