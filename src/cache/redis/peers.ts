import type { RedisClientType } from 'redis';
import { type Static, Type } from 'typebox';
import { parserOf } from '../../platform/index.ts';
import { newToken } from '../core/token.ts';
import type { Tag } from '../stores/store.ts';
import type { TokenMirror } from '../stores/token-mirror.ts';
import type { Keyspace } from './keyspace.ts';

/** How long a writer waits for its peers. Milliseconds. */
const PATIENCE_MS = 50;

const RequestSchema = Type.Object({
  id: Type.String(),
  /** The channel on which the writer receives the answers. */
  answerTo: Type.String(),
  tags: Type.Array(Type.String()),
});

type Request = Static<typeof RequestSchema>;

const parseText = parserOf(RequestSchema);

export interface PeersOptions {
  readonly keyspace: Keyspace;
  readonly mirror: TokenMirror;
  /** How long a writer waits for its peers. Milliseconds. */
  readonly patienceMs?: number | undefined;
}

/**
 * The other processes that mirror tokens. Redis reports each change to them, but does not tell the writer when the report has
 * arrived; so the writer also sends them a request by Pub/Sub (https://redis.io/docs/latest/develop/pubsub/), and waits until
 * each has answered that it forgot the tokens. A process that hangs or is cut off costs the writer 50 ms; the mirror's own
 * bound then holds.
 */
export class Peers {
  readonly #client: RedisClientType;
  readonly #mirror: TokenMirror;
  readonly #patienceMs: number;
  readonly #channel: string;
  /** Its own channel, for the answers. */
  readonly #answerTo: string;
  /** For each request how many answers are missing; below zero while answers have come and the number of peers is not known. */
  readonly #waiting = new Map<string, { missing: number; done: () => void }>();
  #listening = false;

  constructor(client: RedisClientType, { keyspace, mirror, patienceMs = PATIENCE_MS }: PeersOptions) {
    this.#client = client;
    this.#mirror = mirror;
    this.#patienceMs = patienceMs;
    this.#channel = keyspace.forgetChannel;
    this.#answerTo = `${this.#channel}:${newToken()}`;
  }

  /** From the first time that this succeeds, node-redis subscribes again whenever it has to connect again. */
  async listen(): Promise<void> {
    if (this.#listening) return;
    await Promise.all([
      this.#client.subscribe(this.#channel, this.#onRequest),
      this.#client.subscribe(this.#answerTo, this.#onAnswer),
    ]);
    this.#listening = true;
  }

  /** Resolves when every peer has forgotten the tokens of `tags`, or has had its time. */
  async forget(tags: readonly Tag[]): Promise<void> {
    const request: Request = { id: newToken(), answerTo: this.#answerTo, tags: [...tags] };
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<void>((done) => {
      this.#waiting.set(request.id, { missing: 0, done });
      timer = setTimeout(done, this.#patienceMs).unref(); // Must not keep the process alive: the service may be closing.
    });
    try {
      const published = this.#client.publish(this.#channel, JSON.stringify(request));
      const receivers = await published.catch(() => Number.POSITIVE_INFINITY); // How many is unknown: they get their full time.
      this.#answered(request.id, 1 - receivers); // This process is one of them.
      await answered;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(request.id);
    }
  }

  /** Must not throw: it runs while node-redis parses what was received, the rest of which would be lost. */
  readonly #onRequest = (message: string): void => {
    const request = parseRequest(message);
    if (!request || request.answerTo === this.#answerTo) return;
    this.#mirror.forget(request.tags);
    this.#client.publish(request.answerTo, request.id).catch(() => {}); // The writer then waits its full time.
  };

  readonly #onAnswer = (id: string): void => this.#answered(id, 1);

  #answered(id: string, count: number): void {
    const request = this.#waiting.get(id);
    if (!request) return;
    request.missing -= count;
    if (request.missing === 0) request.done();
  }
}

/** Undefined for a message that is no request: any client of Redis may publish here. */
function parseRequest(message: string): Request | undefined {
  try {
    return parseText(message);
  } catch {
    return undefined;
  }
}
