import { Agent, request } from 'node:http';

/** Milliseconds of every request, the first time that something is asked and once more. */
export interface Times {
  readonly miss: readonly number[];
  readonly hit: readonly number[];
  /** How many of the second answers were no hits: what is too large to be kept never is one. */
  readonly notKept: number;
}

/** One connection, one request after the other. */
export class Client {
  readonly #address: string;
  readonly #key: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(address: string, key: string) {
    this.#address = address;
    this.#key = key;
  }

  /** Asks for each path twice. */
  async ask(rounds: number, pathOf: () => Promise<string>): Promise<Times> {
    const miss: number[] = [];
    const hit: number[] = [];
    let notKept = 0;
    for (let round = 0; round < rounds; round += 1) {
      const path = await pathOf();
      miss.push((await this.#get(path)).milliseconds);
      const again = await this.#get(path);
      hit.push(again.milliseconds);
      if (!again.cacheStatus.includes('hit')) notKept += 1;
    }
    return { miss, hit, notKept };
  }

  /** Changes one listing, and waits until nothing that it invalidated is being told of any more. */
  async change(): Promise<void> {
    await this.#send('PATCH', '/properties/1/', JSON.stringify({ price: '500.00' }));
    while (!(await this.#get('/properties/1/')).cacheStatus.includes('hit')) {}
  }

  close(): void {
    this.#agent.destroy();
  }

  async #get(path: string): Promise<{ milliseconds: number; cacheStatus: string }> {
    const began = performance.now();
    const cacheStatus = await this.#send('GET', path);
    return { milliseconds: performance.now() - began, cacheStatus };
  }

  #send(method: string, path: string, body?: string): Promise<string> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${this.#key}` };
    return new Promise((resolve, reject) => {
      const options = { method, agent: this.#agent, ...(body && { headers }) };
      const asked = request(`${this.#address}${path}`, options, (response) => {
        const { statusCode = 0, headers } = response;
        if (statusCode >= 300) reject(new Error(`${method} ${path} was answered ${statusCode}`));
        response.on('error', reject).on('end', () => resolve(String(headers['cache-status'])));
        response.resume();
      });
      asked.on('error', reject).end(body);
    });
  }
}
