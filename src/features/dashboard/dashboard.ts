import { Readable } from 'node:stream';
import fp from 'fastify-plugin';
import { EventStreams } from './event-streams.ts';
import { frame } from './live-events.ts';
import { LiveFeed } from './live-feed.ts';
import { pageFiles } from './page-files.ts';

const SECOND_MS = 1_000;

/** The headers of an event stream, which lasts for hours and is not to be stored. Its connection ends with it. */
const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no', // https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
  connection: 'close',
};

/** A page that shows the cache at work, and `GET /dashboard/events`, the stream of events behind it. */
export const dashboard = fp(
  async (app) => {
    const { caches, changes, times } = app;
    const streams = new EventStreams();
    const feed = new LiveFeed({ caches, streams, isDatabaseUp: () => changes.alive });
    const timer = setInterval(() => feed.tick(), times.sampleMs ?? SECOND_MS).unref();
    app.addHook('preClose', async () => streams.close());
    app.addHook('onClose', async () => clearInterval(timer));

    await pageFiles(app);
    // Not in the document: it is the page's own, and changes with it.
    app.get('/dashboard/events', { schema: { hide: true } }, async ({ method }, reply) => {
      const hello = () => frame('hello', feed.hello());
      const stream = method === 'HEAD' ? Readable.from([]) : streams.open(reply.raw, hello);
      return reply.headers(HEADERS).send(stream);
    });
  },
  { name: 'dashboard', dependencies: ['caches', 'database'], encapsulate: true, fastify: '5.x' },
);
