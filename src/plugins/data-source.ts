import fp from 'fastify-plugin';
import { ConfigurationError } from '../errors.ts';
import { takeStep } from '../platform/index.ts';

/** The database of the listings and the keys that may write: as configured, or the embedded defaults. */
export interface DataSource {
  /** `postgresql://…`, password included. */
  readonly url: string;
  /** Of PostgreSQL itself, where a connection keeps its session: the same, unless `url` is a pooler's. */
  readonly directUrl: string;
  /** Without any, every write is refused. */
  readonly writeKeys: readonly string[];
  /** The key that was made for the embedded database, unless `API_KEYS` replaces it. */
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
  /** Ends a start that waits. */
  readonly stop?: AbortSignal | undefined;
}

/** Decorates `app.dataSource`; without `DATABASE_URL` it opens the embedded PostgreSQL. */
export const dataSource = fp<DataSourceOptions>(
  async (app, { dataDirectory, stop }) => {
    const { DATABASE_URL: url, DIRECT_DATABASE_URL: directUrl, API_KEYS } = app.config;
    const writeKeys = API_KEYS?.split(/\s*,\s*/) ?? [];
    if (url) {
      app.decorate('dataSource', { url, directUrl: directUrl ?? url, writeKeys, embedded: false });
      return;
    }
    if (directUrl) throw new ConfigurationError('DIRECT_DATABASE_URL needs a DATABASE_URL');
    const { openEmbeddedPostgres, readOrCreateWriteKey } = await import('../embedded/index.ts');
    const step = { step: 'embedded PostgreSQL', waitsFor: 'the embedded PostgreSQL' };
    const postgres = await takeStep(app.log, step, (waitsFor) =>
      openEmbeddedPostgres(dataDirectory, { signal: stop, waitsFor }),
    );
    app.addHook('onClose', () => postgres.close());
    const madeKey = await readOrCreateWriteKey(dataDirectory);
    const keys = API_KEYS ? { writeKeys } : { writeKeys: [madeKey], madeKey };
    app.decorate('dataSource', { url: postgres.url, directUrl: postgres.url, ...keys, embedded: true });
  },
  { name: 'data-source', dependencies: ['config'], fastify: '5.x' },
);
