import type { ChildProcess } from 'node:child_process';

/**
 * Answers what the parent process asks over IPC. This process is kept alive by something else, and ends with its
 * parent however that ended.
 */
export function answerRequests<Q, A>(answer: (request: Q) => A | Promise<A>): void {
  process.on('message', async (message) => {
    const { id, request } = Object(message);
    try {
      process.send?.({ id, answer: await answer(request) });
    } catch (error) {
      process.send?.({ id, failure: String(Object(error).stack ?? error) });
    }
  });
  process.on('disconnect', () => process.exit());
}

interface Waiting<A> {
  resolve(answer: A): void;
  reject(error: Error): void;
}

/** The parent's side. */
export class ChildRequests<Q extends object, A> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting<A>>();
  #asked = 0;

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    child.on('message', (message) => {
      const { id, answer, failure } = Object(message);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (failure) waiting?.reject(new Error(`${name}: ${failure}`));
      else waiting?.resolve(answer);
    });
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${name} ended: ${code ?? signal}`));
    });
  }

  ask(request: Q): Promise<A> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, request }, (error) => error && reject(error));
    });
  }
}
