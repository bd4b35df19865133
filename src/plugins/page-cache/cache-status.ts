import type { Entry } from '../../cache/store.ts';

/** This cache's name in `Cache-Status` (RFC 9211). */
const NAME = 'property-listings';

/** Whole seconds since the entry was stored; never negative, whatever the clock does. */
export function ageOf(entry: Entry, now: number): number {
  return Math.max(0, Math.floor((now - entry.storedAt) / 1000));
}

/** A `ttl` below zero is that of an expired page, served while another request refreshes it (RFC 9211 §2.4). */
export function hitStatus(entry: Entry, now: number): string {
  return `${NAME}; hit; ttl=${entry.ttl - ageOf(entry, now)}`;
}

/** Why the request went forward (RFC 9211 §2.2). */
export type Forward = 'uri-miss' | 'stale' | 'bypass';

export interface Forwarded {
  readonly stored?: boolean;
  /** Answered with the response to another request for the same page. */
  readonly collapsed?: boolean;
  /** The status of the answer that was not used, because a stale one was served instead. */
  readonly insteadOf?: number;
}

export function forwardStatus(reason: Forward, { stored, collapsed, insteadOf }: Forwarded = {}): string {
  const parts = [NAME, `fwd=${reason}`];
  if (insteadOf !== undefined) parts.push(`fwd-status=${insteadOf}`, 'detail=stale-if-error');
  if (stored) parts.push('stored');
  if (collapsed) parts.push('collapsed');
  return parts.join('; ');
}
