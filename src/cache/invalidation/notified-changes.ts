import { joinNames, type TagNames } from '../../platform/index.ts';
import type { Tag } from '../stores/store.ts';
import type { NotifiedOrigin, Origin } from '../telemetry/events.ts';

/** If there are more tags than this at once, everything is invalidated: so many commands would block this process. */
export const MAX_TAGS = 1_000;

interface Notified {
  readonly origin: NotifiedOrigin;
  readonly tags: Set<Tag>;
  names: TagNames;
}

/**
 * Changes that every instance is notified of. Those of one turn of the event loop are invalidated together: PostgreSQL sends
 * the notifications of a transaction all at once.
 */
export class NotifiedChanges {
  readonly #invalidate: (tags: readonly Tag[] | 'everything', origin: Origin | NotifiedOrigin) => void;
  readonly #changes = new Map<string, Notified>();

  constructor(invalidate: (tags: readonly Tag[] | 'everything', origin: Origin | NotifiedOrigin) => void) {
    this.#invalidate = invalidate;
  }

  add(tags: readonly Tag[], origin: NotifiedOrigin): void {
    if (this.#changes.size === 0) setImmediate(() => this.flush());
    const notified = this.#changes.get(origin.change) ?? { origin, tags: new Set(), names: new Map() };
    for (const tag of tags) notified.tags.add(tag);
    if (origin.names) notified.names = joinNames(notified.names, origin.names);
    this.#changes.set(origin.change, notified);
  }

  /** Invalidates the changes that were notified so far, if there are any. */
  flush(): void {
    if (this.#changes.size === 0) return;
    const notified = [...this.#changes.values()];
    this.#changes.clear();
    const count = notified.reduce((sum, { tags }) => sum + tags.size, 0);
    const [first] = notified;
    if (first && count > MAX_TAGS) {
      const { change: _, ...origin } = first.origin;
      this.#invalidate('everything', origin);
    } else for (const { tags, origin, names } of notified) this.#invalidate([...tags], { ...origin, names });
  }
}
