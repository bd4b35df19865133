import type { LogOutput } from './request-log.ts';

/** For how long a line may wait for others (milliseconds), and how many of them are written at once (characters). */
const WAIT_MS = 10;
const MAX_LENGTH = 16 * 1024;

/**
 * Standard output, in one write for the log lines of some milliseconds: a write a line would cost more than a cached
 * answer does. What is left is written when the process ends, also by an uncaught error.
 */
export class BatchedOutput implements LogOutput {
  readonly #output: LogOutput;
  #lines = '';

  constructor(output: LogOutput = process.stdout) {
    this.#output = output;
    process.once('exit', this.#flush);
  }

  write(line: string): void {
    if (this.#lines === '') setTimeout(this.#flush, WAIT_MS);
    this.#lines += line;
    if (this.#lines.length > MAX_LENGTH) this.#flush();
  }

  readonly #flush = (): void => {
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#output.write(lines);
  };
}
