import { type RedisClient, statsOfEach } from './redis-connection.ts';

/** In the service's own keys and channels, and of no meaning. */
const PROBE = 'property-listings:probe';

/** What the cache asks of Redis, each in a form that changes nothing. */
const QUESTIONS: Readonly<Record<string, (client: RedisClient) => Promise<unknown>>> = {
  PING: (client) => client.ping(),
  GET: (client) => client.get(PROBE),
  SET: (client) => client.set(PROBE, '', { expiration: { type: 'PX', value: 1 } }),
  DEL: (client) => client.del(PROBE),
  EVAL: (client) => client.eval('return 0', { keys: [PROBE] }),
  PUBLISH: (client) => client.publish(PROBE, ''),
  INFO: statsOfEach,
};

/** A command that its user may not run, or not on our keys and channels (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/). */
export interface Refusal {
  readonly command: string;
  readonly reason: string;
}

/** What Redis does not allow us: everything works without it, if worse, and nothing else would say why. */
export async function refusals(client: RedisClient): Promise<Refusal[]> {
  const answers = Object.entries(QUESTIONS).map(async ([command, ask]) => {
    const reason = await ask(client).then(
      () => '',
      (error) => String(Object(error).message),
    );
    return { command, reason };
  });
  return (await Promise.all(answers)).filter(({ reason }) => reason.startsWith('NOPERM'));
}
