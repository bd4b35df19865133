/** This cache's name in `Cache-Status` (RFC 9211). */
const NAME = 'property-listings';

/** @param ttl seconds; below zero for an expired page that is served while another request refreshes it (RFC 9211 §2.4) */
export function hitStatus(ttl: number): string {
  return `${NAME}; hit; ttl=${ttl}`;
}

/** Why the request went forward (RFC 9211 §2.2). */
export type Forward = 'uri-miss' | 'vary-miss' | 'stale' | 'request' | 'bypass';

export interface Forwarded {
  readonly stored?: boolean;
  /** Answered with the response to another request for the same page. */
  readonly collapsed?: boolean;
  /** The status of the answer that a stored page took the place of. */
  readonly status?: number;
  readonly detail?: 'stale-if-error' | 'streaming' | 'too-large';
}

export function forwardStatus(
  reason: Forward,
  { stored, collapsed, status, detail }: Forwarded = {},
): string {
  const parts = [NAME, `fwd=${reason}`];
  if (status !== undefined) parts.push(`fwd-status=${status}`);
  if (stored) parts.push('stored');
  if (collapsed) parts.push('collapsed');
  if (detail !== undefined) parts.push(`detail=${detail}`);
  return parts.join('; ');
}
