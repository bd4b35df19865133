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
      this.#client.subscribe(CHANNEL, (message) => this.#asked(message)),
      this.#client.subscribe(this.#answerTo, (id) => this.#answered(id, 1)),
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
      const receivers = await this.#client.publish(CHANNEL, JSON.stringify(request));
      this.#answered(request.id, 1 - receivers); // This process is one of them.
      await answered;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(request.id);
    }
  }

  #asked(message: string): void {
    const { id, answerTo, tags }: Request = JSON.parse(message);
    if (answerTo === this.#answerTo) return;
    this.#mirror.forget(tags);
    this.#client.publish(answerTo, id).catch(() => {}); // Lost: then the mirror knows nothing any more.
  }

  #answered(id: string, count: number): void {
    const request = this.#waiting.get(id);
    if (!request) return;
    request.missing -= count;
    if (request.missing === 0) request.done();
  }
}
