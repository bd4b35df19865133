import type { Prisma } from '../database/prisma.ts';
export async function addSampleListings(prisma: Prisma, count: number): Promise<void> {
  if ((await prisma.property.count()) === 0) await prisma.property.createMany({ data: Array.from({ length: count }, (_, i) => ({ title: `t${i}`, description: 'd', price: '1.00', location: 'x' })) });
}
