import type { Origin, Tag } from '../../cache/index.ts';
import type { Invalidation } from './live-events.ts';

/** How many invalidations of one second are reported one by one. */
const PER_SECOND = 50;

/** How many tags of one invalidation are reported. */
const TAGS = 12;

/** How much of a program's own name is reported, which may be any text. UTF-16 code units. */
const NAME_LENGTH = 64;

type Unnumbered = Omit<Invalidation, 'id'>;

/** Invalidations as the dashboard shows them: one by one, but the rest of a burst as one when its second is over. */
export class ReportedInvalidations {
  #lastId = 0;
  #reported = 0;
  #rest: Unnumbered | undefined;

  /** The invalidation to report at once, if any. */
  add(tags: readonly Tag[], origin: Origin, now: number): Invalidation | undefined {
    const { cause } = origin;
    if (cause === 'echo') return undefined; // Reported when it was written.
    const latencyMs = origin.at === undefined ? null : Math.max(0, now - origin.at);
    const shown = tags.slice(0, TAGS);
    const more = tags.length - shown.length;
    const names = namesOf(shown, origin);
    const unnumbered = { at: now, tags: shown, more, names, cause, by: nameOf(origin), latencyMs };
    if (this.#reported === PER_SECOND) {
      this.#rest = this.#rest ? joined(this.#rest, unnumbered) : unnumbered;
      return undefined;
    }
    this.#reported += 1;
    return this.#numbered(unnumbered);
  }

  /** To be called every second. The invalidation that stands for the rest of a burst, if there was one. */
  endSecond(): Invalidation | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    this.#reported = 0;
    return rest && this.#numbered(rest);
  }

  #numbered(unnumbered: Unnumbered): Invalidation {
    this.#lastId += 1;
    return { id: this.#lastId, ...unnumbered };
  }
}

/** The later one, and how many tags the earlier ones had. */
function joined(earlier: Unnumbered, later: Unnumbered): Unnumbered {
  return { ...later, more: later.more + earlier.tags.length + earlier.more };
}

/** The names of the tags that are reported. */
function namesOf(tags: readonly Tag[], { names }: Origin): Unnumbered['names'] {
  const named = tags.map((tag) => [tag, names?.get(tag)?.map(visible) ?? []] as const);
  return Object.fromEntries(named.filter(([, known]) => known.length > 0));
}

/** Without control characters, and without half a pair where it was cut. */
const visible = (name: string): string => name.replace(/\p{C}/gu, '');

function nameOf({ by = '' }: Origin): string | null {
  return visible(by.slice(0, NAME_LENGTH)) || null;
}
