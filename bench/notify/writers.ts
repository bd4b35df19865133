import pg from 'pg';
import { execute } from '../../support/database.ts';
import type { Scope } from '../../support/scope.ts';

/** Rows that each connection has to itself: none waits for the row lock of another. */
const ROWS_EACH = 100;

/** The channel of the table's triggers (prisma/migrations). */
const CHANNEL = 'property_listings';

export interface Written {
  /** Committed writes. */
  readonly writes: number;
  readonly seconds: number;
  /** Notifications that the listening session had got when all had been sent. */
  readonly heard: number;
}

/** Connections that update rows of their own, each update a transaction, and one session that listens. */
export class Writers {
  readonly #url: string;
  readonly #clients: readonly pg.Client[];
  readonly #listener: pg.Client;
  #heard = 0;

  static async open(scope: Scope, url: string, connections: number): Promise<Writers> {
    await execute(url, insert(connections * ROWS_EACH));
    const opened = Array.from({ length: connections + 1 }, () => connect(scope, url));
    const [listener, ...clients] = await Promise.all(opened);
    if (!listener) throw new Error('one more was opened than there are to write');
    await listener.query(`LISTEN ${CHANNEL}`);
    return new Writers(url, clients, listener);
  }

  private constructor(url: string, clients: readonly pg.Client[], listener: pg.Client) {
    this.#url = url;
    this.#clients = clients;
    this.#listener = listener;
    listener.on('notification', () => {
      this.#heard += 1;
    });
  }

  /** Whether the table's triggers fire. */
  async notify(on: boolean): Promise<void> {
    await execute(this.#url, `ALTER TABLE properties_property ${on ? 'ENABLE' : 'DISABLE'} TRIGGER USER`);
  }

  /** All of them write for so long. */
  async write(milliseconds: number): Promise<Written> {
    const before = this.#heard;
    const began = performance.now();
    const counts = await Promise.all(
      this.#clients.map((client, index) => writeUntil(client, index * ROWS_EACH, began + milliseconds)),
    );
    const seconds = (performance.now() - began) / 1000;
    await this.#listener.query('SELECT 1'); // Before its answer PostgreSQL sends what there is to notify.
    return { writes: counts.reduce((sum, count) => sum + count, 0), seconds, heard: this.#heard - before };
  }
}

async function connect(scope: Scope, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // The query fails with it.
  scope.teardown(() => client.end());
  await client.connect();
  return client;
}

async function writeUntil(client: pg.Client, firstRow: number, end: number): Promise<number> {
  let writes = 0;
  while (performance.now() < end) {
    const id = firstRow + (writes % ROWS_EACH) + 1;
    const values = [writes % 1_000_000, id];
    const { rowCount } = await client.query({ name: 'write', text: UPDATE, values });
    if (rowCount !== 1) throw new Error(`there is no row ${id}`);
    writes += 1;
  }
  return writes;
}

const UPDATE = 'UPDATE properties_property SET price = $1 WHERE id = $2';

const insert = (rows: number) => `
INSERT INTO properties_property (title, description, price, location)
SELECT 'Flat ' || n, repeat('A balcony to the south. ', 10), n, 'Lisbon' FROM generate_series(1, ${rows}) AS n`;
