export { cacheMetricsRoute } from './route.ts';
