import { executionAsyncResource } from 'node:async_hooks';

/**
 * One of Node's tick objects, kept for ever. V8 forgets the shape of an object literal when a full garbage collection
 * finds none alive, and Node's for `process.nextTick` has computed names: code that has seen such a literal in two shapes
 * makes it the slow way from then on. On Node 20 half of the processes lost a fifth of their requests to that.
 */
export const keptTick: object[] = [];

process.nextTick(() => keptTick.push(executionAsyncResource()));
