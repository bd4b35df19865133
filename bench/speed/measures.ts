import type { Measured } from './rounds.ts';

/** Requests a second. */
export const rateOf = ({ requests, seconds }: Measured): number => requests / seconds;

/** The median time of a request that nothing went on beside. Milliseconds. */
export const middleOf = ({ phases }: Measured): number => phases.quiet.p50;
