import type { Browser } from 'playwright-core';
import t from 'tap';
import { launch } from './chromium.ts';

let launched: Promise<Browser> | undefined;

/** One browser for the tests of a process, which ends with them: each visit is a context of its own. */
export function sharedBrowser(): Promise<Browser> {
  launched ??= launch(t);
  return launched;
}
