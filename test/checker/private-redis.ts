import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'redis';
import { SNAPSHOT, startRedis } from '../../support/redis.ts';
import type { Scope } from '../../support/scope.ts';
import { checkout } from '../../support/server.ts';

/** A Redis of our own, which stays at its address over its deaths. */
export class PrivateRedis {
  readonly url: string;
  readonly #scope: Scope;
  readonly #folder: string;
  #server: Awaited<ReturnType<typeof startRedis>>;

  static async launch(scope: Scope, port: number): Promise<PrivateRedis> {
    const folder = await checkout(scope);
    return new PrivateRedis(scope, folder, await startRedis(scope, port, folder));
  }

  private constructor(scope: Scope, folder: string, server: Awaited<ReturnType<typeof startRedis>>) {
    this.url = server.url;
    this.#scope = scope;
    this.#folder = folder;
    this.#server = server;
  }

  /** kill -9. */
  kill(): Promise<void> {
    return this.#server.stop();
  }

  /** @param options.snapshot whether it reads what the last `SAVE` kept, or starts empty */
  async start({ snapshot }: { snapshot: boolean }): Promise<void> {
    if (!snapshot) await rm(join(this.#folder, SNAPSHOT), { force: true });
    this.#server = await startRedis(this.#scope, this.#server.port, this.#folder);
  }

  pause(): void {
    this.#server.pause();
  }

  resume(): void {
    this.#server.resume();
  }

  async command(...words: string[]): Promise<void> {
    const client = createClient({ url: this.url });
    client.on('error', () => {}); // The command fails with it.
    await client.connect();
    try {
      await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  }
}
