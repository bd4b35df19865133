import type { Entry, EntryCache } from '../../cache/index.ts';
import type { EncodedVariants } from '../pages/encoded-variants.ts';
import { pageOf, varyMarkerOf } from '../pages/page.ts';
import { survivesError } from '../pages/selection.ts';
import { isSelectedBy, selectionOf, variantKey } from '../rules/vary.ts';
import type { Search } from './finder.ts';
import type { ForwardedRequest } from './page-request.ts';

/** RFC 5861 §4. */
const ERRORS = new Set([500, 502, 503, 504]);

/** The last known answer to a request, where it may be served instead of an error of this status (RFC 5861 §4). */
export async function lastKnownAnswer(
  pages: EntryCache,
  encodedVariants: EncodedVariants,
  { search, missed, failure }: Pick<ForwardedRequest, 'search' | 'missed' | 'failure'>,
  status: number,
  now: number,
): Promise<Entry | undefined> {
  if (failure === 'must-be-fresh') return undefined;
  if (search.route.ttl !== undefined)
    return status === 503 ? lastKnown(pages, encodedVariants, search) : undefined;
  const { refused } = missed;
  if (!refused || !ERRORS.has(status)) return undefined;
  const anyway = failure === 'origin-away' ? pages.staleIfError : 0;
  return survivesError(refused, search.cacheRequest, now, anyway) ? refused : undefined;
}

/** The page, or if that is gone the encoded variant that this client prefers. */
async function lastKnown(
  pages: EntryCache,
  encodedVariants: EncodedVariants,
  { route, id, cacheRequest }: Search,
): Promise<Entry | undefined> {
  const encodedKey = route.compress
    ? encodedVariants.preferred(id.key, cacheRequest.headers['accept-encoding'])
    : undefined;
  const last = (await pages.lastKnown(id.key)) ?? (encodedKey && (await pages.lastKnown(encodedKey)));
  const names = last && varyMarkerOf(last);
  const found = names
    ? await pages.lastKnown(variantKey(id.key, selectionOf(names, cacheRequest.headers)))
    : last;
  return found && isSelectedBy(pageOf(found).selectedBy, cacheRequest.headers) ? found : undefined;
}
