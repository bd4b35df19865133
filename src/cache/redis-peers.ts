import type { RedisClientType } from 'redis';
import type { Tag } from './store.ts';
import { newToken } from './token.ts';
import type { TokenMirror } from './token-mirror.ts';

const CHANNEL = 'property-listings:forget';

/** How long a writer waits for its peers. Milliseconds. */
const PATIENCE_MS = 50;

interface Request {
  readonly id: string;
  /** The channel on which the one who asks hears the answers. */
  readonly answerTo: string;
  readonly tags: readonly Tag[];
}

/**
 * The other processes that mirror tokens. Redis tells them of each change, but not the writer that they have heard;
 * so the writer asks them as well, by Pub/Sub (https://redis.io/docs/latest/develop/pubsub/), and is not answered
 * before they have forgotten. One that hangs or is cut off costs it 50 ms; the mirror's own bound then holds.
 */
export class Peers {
  readonly #client: RedisClientType;
  readonly #mirror: TokenMirror;
  readonly #answerTo = `${CHANNEL}:${newToken()}`;
  /** For each request how many answers are still to come; below zero those that came before that was known. */
  readonly #waiting = new Map<string, { missing: number; done: () => void }>();
  #listening = false;

  constructor(client: RedisClientType, mirror: TokenMirror) {
    this.#client = client;
    this.#mirror = mirror;
  }

  /** From the first time that this succeeds, node-redis subscribes again whenever it has to connect again. */
  async listen(): Promise<void> {
    if (this.#listening) return;
    await Promise.all([
      this.#client.subscribe(CHANNEL, this.#asked),
      this.#client.subscribe(this.#answerTo, this.#answer),
    ]);
    this.#listening = true;
  }

  /** Resolves when every peer has forgotten the tokens of `tags`, or has had its time. */
  async forget(tags: readonly Tag[]): Promise<void> {
    const request: Request = { id: newToken(), answerTo: this.#answerTo, tags };
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<void>((done) => {
      this.#waiting.set(request.id, { missing: 0, done });
      timer = setTimeout(done, PATIENCE_MS);
    });
    try {
      const asked = this.#client.publish(CHANNEL, JSON.stringify(request));
      const receivers = await asked.catch(() => Number.POSITIVE_INFINITY); // Nobody knows: they get their time.
      this.#answered(request.id, 1 - receivers); // This process is one of them.
      await answered;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(request.id);
    }
  }

  /** It must not throw: it runs while node-redis reads what came, and would take the rest of it along. */
  readonly #asked = (message: string): void => {
    const request = parseRequest(message);
    if (!request || request.answerTo === this.#answerTo) return;
    this.#mirror.forget(request.tags);
    this.#client.publish(request.answerTo, request.id).catch(() => {}); // The one who asked waits its time.
  };

  readonly #answer = (id: string): void => this.#answered(id, 1);

  #answered(id: string, count: number): void {
    const request = this.#waiting.get(id);
    if (!request) return;
    request.missing -= count;
    if (request.missing === 0) request.done();
  }
}

/** Undefined for what is none: anybody may publish anything. */
function parseRequest(message: string): Request | undefined {
  try {
    const { id, answerTo, tags } = Object(JSON.parse(message));
    const isRequest = typeof id === 'string' && typeof answerTo === 'string' && Array.isArray(tags);
    return isRequest ? { id, answerTo, tags: tags.map(String) } : undefined;
  } catch {
    return undefined;
  }
}
