import type { FastifyInstance } from 'fastify';
import { readPages } from '../pages.ts';

/** What every server of the bench is given in its environment. */
export const port = Number(given('PORT'));

export const databaseUrl = () => given('DATABASE_URL');

export const redisUrl = () => given('REDIS_URL');

/** The bytes that the service sends of its page. */
export const pages = () => readPages(given('PAGES'));

export const listen = (app: FastifyInstance) => app.listen({ host: '127.0.0.1', port });

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`this server is started by npm run bench, with ${name}`);
  return value;
}
