import type { Test } from 'tap';

/** What a helper needs of a test: somebody who ends what it started. Not only tap has that. */
export type Scope = Pick<Test, 'teardown'>;
