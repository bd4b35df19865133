import type { Operation } from '@prisma/client/runtime/client';

type Kind = 'read' | 'write' | 'raw';

/**
 * Every operation that Prisma knows. A new one fails the build until a developer classifies it; `raw` may
 * be either, and counts as a write of everything unless its text only reads.
 */
export const operations: Readonly<Record<string, Kind>> = {
  findFirst: 'read',
  findFirstOrThrow: 'read',
  findUnique: 'read',
  findUniqueOrThrow: 'read',
  findMany: 'read',
  findRaw: 'read',
  aggregate: 'read',
  aggregateRaw: 'read',
  count: 'read',
  groupBy: 'read',
  create: 'write',
  createMany: 'write',
  createManyAndReturn: 'write',
  update: 'write',
  updateMany: 'write',
  updateManyAndReturn: 'write',
  upsert: 'write',
  delete: 'write',
  deleteMany: 'write',
  $queryRaw: 'raw',
  $queryRawUnsafe: 'raw',
  $executeRaw: 'raw',
  $executeRawUnsafe: 'raw',
  $runCommandRaw: 'raw',
} satisfies Record<Operation, Kind>;
