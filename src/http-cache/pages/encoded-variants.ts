import { LRUCache } from 'lru-cache';
import type { Entry, EntryCache, Tag } from '../../cache/index.ts';
import { type Coding, preferredCoding } from '../rules/coding.ts';
import { compress } from './compression.ts';
import { pageOf, toValue } from './page.ts';

/** What decides which encoded variant of a page a client prefers. */
export interface Preference {
  /** Whether the route's pages are compressed at all. */
  readonly compress: boolean;
  readonly acceptEncoding: string | undefined;
  readonly tags: readonly Tag[];
}

/** Bodies that are compressed at once; the threads that do it have other work too. */
const AT_ONCE = 2;

/** Pages without encoded variants that are remembered. */
const REMEMBERED = 4_096;

/**
 * The encoded variants of pages: each page compressed with `br` or `gzip`, as an entry of its own with the page's tokens and
 * age, so that what invalidates the page invalidates it. A variant is made when a client first asks for a page in its
 * coding; that client is sent the page as it is.
 */
export class EncodedVariants {
  readonly #pages: EntryCache;
  readonly #encoding = new Set<string>();
  /** Pages that were lately seen to have no encoded variants, so that their next hit does not look for one first. */
  readonly #unencoded = new LRUCache<string, true>({ max: REMEMBERED });

  readonly #compress: typeof compress;

  constructor(pages: EntryCache, compressed = compress) {
    this.#pages = pages;
    this.#compress = compressed;
  }

  /** The key of the variant that `Accept-Encoding` prefers; undefined where it prefers the page as it is. */
  preferred(key: string, acceptEncoding: string | undefined): string | undefined {
    const coding = preferredCoding(acceptEncoding);
    return coding && !this.#unencoded.has(key) ? encodedKey(key, coding) : undefined;
  }

  /** Starts to make the variant that the client prefers, unless the entry is in that coding already. */
  encodeFor({ compress, acceptEncoding, tags }: Preference, key: string, entry: Entry): void {
    const coding = preferredCoding(acceptEncoding);
    const { hasEncodedVariants, headers } = pageOf(entry);
    if (!compress || headers['content-encoding'] !== undefined) return;
    if (hasEncodedVariants) this.#unencoded.delete(key);
    else this.#unencoded.set(key, true);
    if (!coding || !hasEncodedVariants) return;
    this.#encode(key, coding, entry, tags).catch(ignore);
  }

  /** Does nothing if the variant is being made, or another process has made it. */
  async #encode(key: string, coding: Coding, entry: Entry, tags: readonly Tag[]): Promise<void> {
    const encoded = encodedKey(key, coding);
    if (this.#encoding.size >= AT_ONCE || this.#encoding.has(encoded)) return;
    this.#encoding.add(encoded);
    try {
      if (await this.#pages.peek(encoded, tags)) return;
      const page = await this.#compress(pageOf(entry), coding);
      this.#pages.keep(encoded, { ...entry, value: toValue(page) });
    } finally {
      this.#encoding.delete(encoded);
    }
  }
}

/** The key of no page begins like this: those begin with a shape, which is longer. */
const encodedKey = (key: string, coding: Coding): string => `${coding}:${key}`;

/** Without the variant the page as it is will do. */
function ignore(): void {}
