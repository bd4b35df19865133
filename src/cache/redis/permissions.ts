import type { RedisClient, RedisConnection } from './client.ts';
import type { Keyspace } from './keyspace.ts';
import { isReply } from './replies.ts';
import { statsOfEach } from './statistics.ts';

/** Every command that the cache uses, as one that changes nothing. */
const PROBES: Readonly<Record<string, (client: RedisClient, keyspace: Keyspace) => Promise<unknown>>> = {
  PING: (client) => client.ping(),
  GET: (client, { probe }) => client.get(probe),
  GETRANGE: (client, { probe }) => client.getRange(probe, 0, 0),
  SET: (client, { probe }) => client.set(probe, '', { expiration: { type: 'PX', value: 1 } }),
  DEL: (client, { probe }) => client.del(probe),
  EVAL: (client, { probe }) => client.eval('return 0', { keys: [probe] }),
  PUBLISH: (client, { probe }) => client.publish(probe, ''),
  INFO: statsOfEach,
};

/** Between two tries of commands that are refused. Milliseconds. */
const AGAIN_MS = 5_000;

/**
 * A command that is refused: the user may not run it, or not on our keys and channels
 * (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/), or Redis has no memory left for it.
 */
export interface Refusal {
  readonly command: string;
  readonly reason: string;
}

/**
 * Watches which of the cache's commands Redis refuses while it answers others. The service works without them, only worse, and
 * nothing else would say why. Refused commands are tried again every 5 seconds, and each change is reported once.
 */
export class RefusalWatch {
  readonly #connection: Pick<RedisConnection, 'client' | 'keyspace'>;
  readonly #report: (refused: readonly Refusal[]) => void;
  #closed = false;
  #reported: readonly Refusal[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(
    connection: Pick<RedisConnection, 'client' | 'keyspace'>,
    report: (refused: readonly Refusal[]) => void,
  ) {
    this.#connection = connection;
    this.#report = report;
  }

  /** To be called when Redis has refused a command, or may from now on. */
  look(): void {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    clearTimeout(this.#timer);
    void this.#ask().finally(() => {
      this.#looking = false;
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    const refused = await refusals(this.#connection).catch(() => this.#reported); // The connection was lost, which says nothing of permissions.
    if (namesOf(refused) !== namesOf(this.#reported)) this.#report(refused);
    this.#reported = refused;
    if (refused.length > 0) this.#timer = setTimeout(() => this.look(), AGAIN_MS).unref();
  }
}

/** @throws any error that is not a reply of Redis */
async function refusals({
  client,
  keyspace,
}: Pick<RedisConnection, 'client' | 'keyspace'>): Promise<Refusal[]> {
  const answers = Object.entries(PROBES).map(async ([command, ask]) => {
    const reason = await ask(client, keyspace).then(
      () => '',
      (error) => {
        if (isReply(error)) return error.message;
        throw error;
      },
    );
    return { command, reason };
  });
  return (await Promise.all(answers)).filter(({ reason }) => reason !== '');
}

const namesOf = (refused: readonly Refusal[]): string => refused.map(({ command }) => command).join();
