import fp from 'fastify-plugin';

/** The defaults for a machine with nothing installed, in use when `DATABASE_URL` is unset. */
export interface Embedded {
  readonly url: string;
  /** The key made on the first start, which may write while `API_KEYS` is unset. */
  readonly writeKey: string;
}

declare module 'fastify' {
  interface FastifyInstance {
    embedded?: Embedded;
  }
}

export interface EmbeddedOptions {
  /** Where the embedded database and the write key are kept. */
  readonly dataDirectory: string;
}

export const embedded = fp<EmbeddedOptions>(
  async (app, { dataDirectory }) => {
    if (app.config.DATABASE_URL) return;
    const { openEmbeddedPostgres } = await import('../embedded/postgres.ts');
    const { readOrCreateWriteKey } = await import('../embedded/write-key.ts');
    const postgres = await openEmbeddedPostgres(dataDirectory);
    app.addHook('onClose', () => postgres.close());
    app.decorate('embedded', { url: postgres.url, writeKey: await readOrCreateWriteKey(dataDirectory) });
  },
  { name: 'embedded', dependencies: ['config'], fastify: '5.x' },
);
