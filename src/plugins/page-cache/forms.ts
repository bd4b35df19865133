import type { Cache } from '../../cache/cache.ts';
import type { Entry, Tag } from '../../cache/store.ts';
import { type Coding, preferredCoding } from './coding.ts';
import { compress } from './compression.ts';
import type { Search } from './finder.ts';
import { pageOf, toValue } from './page.ts';

/** Bodies that are compressed at once; the threads that do it have other work too. */
const AT_ONCE = 2;

/** Pages without forms that are remembered. */
const REMEMBERED = 4_096;

/**
 * The forms of a page in other codings. Each is an entry of its own, with the tokens and the age of the page that it was
 * made of, so that what invalidates the page invalidates it. One is made when somebody first asks who would rather
 * have it, while he is sent the page as it is.
 */
export class Forms {
  readonly #pages: Cache;
  readonly #making = new Set<string>();
  /** Pages that were lately seen to have no forms, so that their next hit does not ask for one first. */
  readonly #formless = new Set<string>();

  readonly #compress: typeof compress;

  constructor(pages: Cache, compressed = compress) {
    this.#pages = pages;
    this.#compress = compressed;
  }

  /** Where the form stands that `Accept-Encoding` likes best; undefined: the page as it is. */
  preferred(key: string, acceptEncoding: string | undefined): string | undefined {
    const coding = preferredCoding(acceptEncoding);
    return coding && !this.#formless.has(key) ? formKey(key, coding) : undefined;
  }

  /** Has the form made that the client of a search would rather have, if the page is not in it already. */
  makeFor({ route, id, asked }: Search, key: string, entry: Entry): void {
    const coding = preferredCoding(asked.headers['accept-encoding']);
    const { hasForms, headers } = pageOf(entry);
    if (!route.compress || headers['content-encoding'] !== undefined) return;
    if (hasForms) this.#formless.delete(key);
    else this.#remember(key);
    if (!coding || !hasForms) return;
    this.#make(key, coding, entry, id.tags).catch(ignore);
  }

  #remember(key: string): void {
    if (this.#formless.size >= REMEMBERED) this.#formless.clear();
    this.#formless.add(key);
  }

  /** Unless it is being made, or another process has made it. */
  async #make(key: string, coding: Coding, entry: Entry, tags: readonly Tag[]): Promise<void> {
    const form = formKey(key, coding);
    if (this.#making.size >= AT_ONCE || this.#making.has(form)) return;
    this.#making.add(form);
    try {
      if (await this.#pages.peek(form, tags)) return;
      const page = await this.#compress(pageOf(entry), coding);
      this.#pages.keep(form, { ...entry, value: toValue(page) });
    } finally {
      this.#making.delete(form);
    }
  }
}

/** No page's key begins like this: they begin with `/`. */
const formKey = (key: string, coding: Coding): string => `${coding}:${key}`;

/** Without the form the page itself will do. */
function ignore(): void {}
