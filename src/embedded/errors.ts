import { codeOf } from '../platform/index.ts';

/** Whether this is a system or PostgreSQL error with one of these codes (`ENOENT`, `57P03`). */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(String(codeOf(error)));
}

/** A handler for `.catch()`: undefined for these codes, and every other error goes on. */
export function tolerate(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!hasCode(error, ...codes)) throw error;
    return undefined;
  };
}
