export type { Handler, Stage } from './fast-path/fast-path.ts';
export type { Url } from './pages/key.ts';
export {
  type FastPathHit,
  type FastPathListener,
  type PageCacheOptions,
  pageCache,
  tooLargeToKeep,
} from './plugin.ts';
export { etagOf, isMatched, knownEtag } from './rules/etag.ts';
export { isHost } from './rules/host.ts';
