/** What the schema engine says went wrong, without the Rust backtrace that may follow. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\n +0: .*/s, '').trim();
}

/** The same on one line, to stand inside another message. */
export function reasonOf(error: unknown): string {
  return messageOf(error).replace(/\s+/g, ' ').replace(/\.$/, '');
}

/** The code that PostgreSQL, Node or the schema engine gave an error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
