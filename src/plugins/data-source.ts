import fp from 'fastify-plugin';
import { ConfigurationError } from '../errors.ts';

/** Where the listings are and who may write them: as configured, or by the embedded defaults. */
export interface DataSource {
  /** `postgresql://…`, password included. */
  readonly url: string;
  /** Where sessions are one's own: the same, unless `url` is a pooler's. */
  readonly directUrl: string;
  /** Without any, nobody may write. */
  readonly writeKeys: readonly string[];
  /** The key that was made for the embedded database, while it is the one that writes. */
  readonly madeKey?: string;
  /** It is this checkout's own PostgreSQL, which starts with sample listings. */
  readonly embedded: boolean;
}

declare module 'fastify' {
  interface FastifyInstance {
    dataSource: DataSource;
  }
}

export interface DataSourceOptions {
  /** Where the embedded database and its write key are kept. */
  readonly dataDirectory: string;
}

/** Decorates `app.dataSource`; without `DATABASE_URL` it opens the embedded PostgreSQL. */
export const dataSource = fp<DataSourceOptions>(
  async (app, { dataDirectory }) => {
    const { DATABASE_URL: url, DIRECT_DATABASE_URL: directUrl, API_KEYS } = app.config;
    const writeKeys = API_KEYS?.split(/\s*,\s*/) ?? [];
    if (url) {
      app.decorate('dataSource', { url, directUrl: directUrl ?? url, writeKeys, embedded: false });
      return;
    }
    if (directUrl) throw new ConfigurationError('DIRECT_DATABASE_URL needs a DATABASE_URL');
    const { openEmbeddedPostgres } = await import('../embedded/postgres.ts');
    const { readOrCreateWriteKey } = await import('../embedded/write-key.ts');
    const postgres = await openEmbeddedPostgres(dataDirectory);
    app.addHook('onClose', () => postgres.close());
    const madeKey = await readOrCreateWriteKey(dataDirectory);
    const keys = API_KEYS ? { writeKeys } : { writeKeys: [madeKey], madeKey };
    app.decorate('dataSource', { url: postgres.url, directUrl: postgres.url, ...keys, embedded: true });
  },
  { name: 'data-source', dependencies: ['config'], fastify: '5.x' },
);
