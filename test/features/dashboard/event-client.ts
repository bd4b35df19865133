import { Agent, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import type { LiveEvents } from '../../../src/features/dashboard/live-events.ts';

export const EVENTS = '/dashboard/events';

/** A response whose body is not read yet, on a connection of its own. */
export function open(t: Test, app: FastifyInstance): Promise<IncomingMessage> {
  const { port } = app.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: true }); // As browsers do.
    const request = get({ host: '127.0.0.1', port, path: EVENTS, agent }, resolve);
    request.on('error', reject);
    t.teardown(() => {
      request.destroy();
      agent.destroy();
    });
  });
}

export interface Watching {
  readonly response: IncomingMessage;
  /** The next event of this name; those before it are gone. */
  next<E extends keyof LiveEvents>(event: E): Promise<LiveEvents[E]>;
}

/** What a browser's EventSource makes of the stream. */
export async function watch(t: Test, app: FastifyInstance): Promise<Watching> {
  const response = await open(t, app);
  const frames = framesOf(response);
  return {
    response,
    async next(event) {
      for (;;) {
        const { value, done } = await frames.next();
        if (done) throw new Error(`the stream ended before ${event}`);
        if (value.event === event) return JSON.parse(value.data);
      }
    },
  };
}

async function* framesOf(response: IncomingMessage) {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const parts = (text + chunk).split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) yield fieldsOf(part);
  }
}

export function fieldsOf(frame: string): { event: string; data: string } {
  const fields = frame.split('\n').map((line) => line.split(/: (.*)/s, 2));
  return { event: '', data: '', ...Object.fromEntries(fields) };
}
