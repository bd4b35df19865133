import { Agent, request } from 'node:http';

/** How long a client waits for an answer before it calls the request stuck. Milliseconds. */
export const REQUEST_MS = 10_000;

export type Answer =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      /** The header, or nothing. */
      readonly cacheStatus: string;
      readonly body: string;
    }
  /** There was no answer in time. */
  | { readonly outcome: 'stuck' }
  /** The connection was refused or reset. */
  | { readonly outcome: 'failed'; readonly reason: string };

export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `http://127.0.0.1:<port>/properties/`. */
  readonly url: string;
  readonly key?: string;
  readonly body?: object;
}

/** A client that keeps its connections. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true });

  /** Never rejects: not to be answered is an outcome. */
  ask({ method, url, key, body }: Question): Promise<Answer> {
    const json = body && JSON.stringify(body);
    const headers = {
      ...(key && { authorization: `Bearer ${key}` }),
      ...(json && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
    };
    return new Promise((resolve) => {
      const sent = request(url, { method, headers, agent: this.#agent });
      const timer = setTimeout(() => {
        resolve({ outcome: 'stuck' });
        sent.destroy();
      }, REQUEST_MS);
      const settle = (answer: Answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      const fail = (error: Error) =>
        settle({ outcome: 'failed', reason: String(Object(error).code ?? error.message) });
      sent.on('error', fail);
      sent.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('error', fail);
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response;
          settle({
            outcome: 'answered',
            status,
            cacheStatus: String(headers['cache-status'] ?? ''),
            body: text,
          });
        });
      });
      sent.end(json);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
