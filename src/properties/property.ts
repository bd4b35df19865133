import type { Property as Row } from '../generated/prisma/client.ts';
import type { Property } from './schemas.ts';

/** A row as the API shows it: `price` with its two decimals, `created_at` in UTC. */
export function toProperty(row: Row): Property {
  const { id, title, description, price, location, createdAt } = row;
  return {
    id,
    title,
    description,
    price: price.toFixed(2),
    location,
    created_at: createdAt.toISOString(),
  };
}
