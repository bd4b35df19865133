import type { Scope } from '../../support/scope.ts';
import { checkout, type Server, startServer } from '../../support/server.ts';
import type { Network } from '../helpers/proxy.ts';

/** Whom clients ask, and hold to what was answered there. */
export interface Target {
  readonly number: number;
  /** `http://127.0.0.1:<port>`. */
  readonly address: string;
}

export interface InstanceOptions {
  /** Counted from 0. */
  readonly number: number;
  readonly port: number;
  /** Its own way to Redis, and to PostgreSQL. */
  readonly toRedis: Network | undefined;
  readonly toPostgres: Network;
  /** What all of them share for everything but `LISTEN`, if there is one. */
  readonly pooler: { readonly url: string } | undefined;
  /** What all instances are configured with. */
  readonly env: Readonly<Record<string, string>>;
}

/** One process of the service, which stays at its address over its deaths. */
export class Instance implements Target {
  readonly number: number;
  readonly toRedis: Network | undefined;
  readonly toPostgres: Network;
  /** `http://127.0.0.1:<port>`. */
  readonly address: string;
  readonly #scope: Scope;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  #server: Server | undefined;
  /** What a process printed last that ended though nothing had ended it. */
  lastWords: string | undefined;

  static async launch(scope: Scope, options: InstanceOptions): Promise<Instance> {
    const instance = new Instance(scope, await checkout(scope), options);
    await instance.start();
    return instance;
  }

  private constructor(scope: Scope, folder: string, options: InstanceOptions) {
    const { number, port, toRedis, toPostgres, pooler, env } = options;
    this.number = number;
    this.toRedis = toRedis;
    this.toPostgres = toPostgres;
    this.address = `http://127.0.0.1:${port}`;
    this.#scope = scope;
    this.#folder = folder;
    this.#env = {
      ...env,
      PORT: String(port),
      DATABASE_URL: (pooler ?? toPostgres).url,
      ...(pooler && { DIRECT_DATABASE_URL: toPostgres.url }),
      ...(toRedis && { REDIS_URL: toRedis.url }),
    };
  }

  async start(): Promise<void> {
    const server = await startServer(this.#scope, this.#folder, this.#env);
    this.#server = server;
    server.process.once('exit', (code, signal) => {
      if (this.#server === server)
        this.lastWords = [code ?? signal, server.output(), server.errors()].join(' ').slice(-2_000);
    });
    // Before the SIGTERM of `startServer`, which a paused process would not hear.
    this.#scope.teardown(() => server.stop('SIGKILL'));
  }

  /** SIGTERM, and its end. */
  async stop(): Promise<void> {
    const code = await this.#ending()?.stop('SIGTERM');
    if (code !== 0) throw new Error(`instance ${this.number} ended with ${code}`);
  }

  async kill(): Promise<void> {
    await this.#ending()?.stop('SIGKILL');
  }

  /** The process that is to end now. */
  #ending(): Server | undefined {
    const server = this.#server;
    this.#server = undefined;
    return server;
  }

  pause(): void {
    this.#server?.process.kill('SIGSTOP');
  }

  resume(): void {
    this.#server?.process.kill('SIGCONT');
  }
}
