export { openEmbeddedPostgres } from './postgres.ts';
export { readOrCreateWriteKey } from './write-key.ts';
