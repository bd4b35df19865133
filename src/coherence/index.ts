export { inTransaction } from './after-commit.ts';
export { type Change, type ChangeHandlers, ChangeListener } from './change-listener.ts';
export { createPrisma, type Prisma, type Reader } from './client.ts';
export type { InvalidationRules, Mutation } from './extension.ts';
