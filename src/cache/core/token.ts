import { randomBytes } from 'node:crypto';
import type { Entry, Tag, Token, Tokens } from '../stores/store.ts';

/** An entry so far from the future came from before the clock was set back. Milliseconds. */
const CLOCK_SKEW_MS = 60_000;

/** 96 random bits: two tokens are never equal by chance. */
export function newToken(): Token {
  return randomBytes(12).toString('base64url');
}

/** The fence: an entry counts only while each of its tokens is still the tag's current one. */
export function isFenced(entry: Pick<Entry, 'tokens'>, current: Tokens): boolean {
  return Object.entries(current).some(([tag, token]) => entry.tokens[tag] !== token);
}

/** Whether the entry is within its TTL, or within `grace` seconds after it. */
export function isFresh({ storedAt, ttl }: Entry, now: number, grace = 0): boolean {
  return now < storedAt + (ttl + grace) * 1000 && storedAt - now < CLOCK_SKEW_MS;
}

/** One name for a set of tokens, equal only for equal sets. */
export function fingerprint(tokens: Tokens): string {
  return Object.keys(tokens)
    .sort()
    .map((tag: Tag) => tokens[tag])
    .join('.');
}
