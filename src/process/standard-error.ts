/** A pipe or terminal that is gone emits an error, which would end the process. */
process.stderr.on('error', () => {});

/** Writes to standard error, if that is possible: with a full disk it throws. */
export function complain(line: string): void {
  try {
    process.stderr.write(line);
  } catch {
    // There is nowhere left to write it.
  }
}
