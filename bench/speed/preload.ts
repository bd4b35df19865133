import { monitorEventLoopDelay } from 'node:perf_hooks';
import { answerRequests } from './child-requests.ts';
import type { Reading, ReadingRequest } from './server.ts';

/** Imported before a server's own program: it says how that does, when asked, and does nothing in between. */

/** Between two looks at whether the event loop is late; the figures count from one to the next. Milliseconds. */
const RESOLUTION = 10;

const NS_PER_MS = 1e6;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION });

answerRequests(({ watch }: ReadingRequest): Reading => {
  const late = (ns: number) => Math.max(0, ns / NS_PER_MS - RESOLUTION);
  const reading = { p99: late(delay.percentile(99)), max: late(delay.max), rss: process.memoryUsage.rss() };
  if (watch) {
    delay.reset();
    delay.enable();
  } else delay.disable();
  return reading;
});

process.channel?.unref(); // The server ends when it wants to.
