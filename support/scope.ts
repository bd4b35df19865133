import type { Test } from 'tap';

/** What a helper needs of a test: something that ends what the helper has started. A test of tap is one, a benchmark another. */
export type Scope = Pick<Test, 'teardown'>;
