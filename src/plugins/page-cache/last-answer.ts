import type { Cache } from '../../cache/cache.ts';
import type { Entry } from '../../cache/store.ts';
import { survivesError } from './asked.ts';
import type { Forms } from './forms.ts';
import type { Forwarding } from './forwarding.ts';
import { pageOf, signpostOf } from './page.ts';
import { isSelectedBy, selectionOf, variantKey } from './vary.ts';

/** RFC 5861 §4. */
const ERRORS = new Set([500, 502, 503, 504]);

/** The page that is served instead of an error of this status, if there is one that may be. */
export async function lastAnswer(
  pages: Cache,
  forms: Forms,
  { search, missed, failed }: Forwarding,
  status: number,
  now: number,
): Promise<Entry | undefined> {
  if (failed === 'must-be-fresh') return undefined;
  if (search.route.ttl !== undefined) return status === 503 ? lastKnown(pages, forms, search) : undefined;
  const { refused } = missed;
  if (!refused || !ERRORS.has(status)) return undefined;
  const anyway = failed === 'origin-away' ? pages.staleIfError : 0;
  return survivesError(refused, search.asked, now, anyway) ? refused : undefined;
}

/** The page, or if that is gone the form that this client takes as well. */
async function lastKnown(
  pages: Cache,
  forms: Forms,
  { route, id, asked }: Forwarding['search'],
): Promise<Entry | undefined> {
  const form = route.compress ? forms.preferred(id.key, asked.headers['accept-encoding']) : undefined;
  const last = (await pages.lastKnown(id.key)) ?? (form && (await pages.lastKnown(form)));
  const names = last && signpostOf(last);
  const found = names ? await pages.lastKnown(variantKey(id.key, selectionOf(names, asked.headers))) : last;
  return found && isSelectedBy(pageOf(found).selectedBy, asked.headers) ? found : undefined;
}
