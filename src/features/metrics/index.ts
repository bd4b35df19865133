export { mergeMetrics } from './merge.ts';
export { type MetricsOptions, metrics } from './metrics.ts';
