import type { Query } from './conditions.ts';
import type { Position, Sort } from './list-query.ts';

/** SQL for the rows after a cursor. */
export function positionOf(query: Query, { by, descending }: Sort, { value, id }: Position): string {
  const than = descending ? '<' : '>';
  const key = query.value(String(id), 'int');
  if (by === 'price') return `(price, id) ${than} (${query.value(value, 'numeric')}, ${key})`;
  if (by !== 'created_at') return `id ${than} ${key}`;
  return `(created_at, id) ${than} (${momentOf(query, value)}, ${key})`;
}

const DAY_MS = 86_400_000n;

/** SQL for a moment, made of days and seconds: seconds alone are floats, and inexact for far moments. */
function momentOf(query: Query, value: string): string {
  if (value.endsWith('Infinity')) return query.value(value, 'timestamptz');
  const milliseconds = BigInt(value);
  const days = query.value(String(milliseconds / DAY_MS), 'int');
  const seconds = query.value(String(Number(milliseconds % DAY_MS) / 1000), 'float8');
  return `(timestamp 'epoch' + make_interval(days => ${days}, secs => ${seconds})) AT TIME ZONE 'UTC'`;
}

/** SQL for the value in a cursor: moments are numbers, because every other notation has limits. */
export function valueFor({ by }: Sort): string {
  if (by === 'price') return 'price::text';
  if (by !== 'created_at') return 'id::text';
  return `CASE WHEN isfinite(created_at) THEN round(extract(epoch FROM created_at) * 1000) ELSE extract(epoch FROM created_at) END::text`;
}

export function orderBy({ by, descending }: Sort): string {
  const direction = descending ? ' DESC' : '';
  return by === 'price' || by === 'created_at' ? `${by}${direction}, id${direction}` : `id${direction}`;
}
