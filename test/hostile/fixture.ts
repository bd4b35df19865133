import type { FastifyInstance } from 'fastify';
import type { Store } from '../../src/cache/stores/store.ts';
import { listen } from '../http-cache/page-layer/fixture.ts';
import { asModel, faultOf } from './model.ts';
import { exchange, isRefusal, type KeptConnection, type RawAnswer } from './raw-http.ts';
import { answerable, bytesOf, type Hostile } from './shapes.ts';

export const portOf = async (app: FastifyInstance): Promise<number> => Number((await listen(app)).port);

/** The keys under which anything has been written since. */
export function writtenKeys(store: Store): Set<string> {
  const keys = new Set<string>();
  const write = store.write.bind(store);
  store.write = (key, entry, seconds) => {
    keys.add(key);
    return write(key, entry, seconds);
  };
  return keys;
}

/**
 * Sends the requests to the server with a cache and to its model, in one packet, and says what is wrong with the
 * answers, if anything is. What they are parts of is asked for on the connection of an innocent client.
 */
export async function attackOn(
  ports: { readonly subject: number; readonly model: number },
  innocent: KeptConnection,
  packet: readonly Hostile[],
): Promise<string | undefined> {
  const requests = answerable(packet);
  const methods = requests.map(({ method }) => method);
  const bytes = (given: readonly Hostile[]) => Buffer.concat(given.map(bytesOf));
  const [got, expected] = await Promise.all([
    exchange(ports.subject, bytes(requests), methods),
    exchange(ports.model, bytes(requests.map(asModel)), methods),
  ]);
  if (got.reset || expected.reset) return undefined;
  // What is no HTTP is refused at once, before the answers that are still being made: which of them come is a race.
  const isRefused = [...got.answers, ...expected.answers].some(isRefusal);
  if (isRefused && requests.length > 1 && refusalsIn(got.answers) !== refusalsIn(expected.answers))
    return undefined;
  if (got.answers.length !== expected.answers.length)
    return `${got.answers.length} answers instead of ${expected.answers.length}`;
  for (const [index, answer] of got.answers.entries()) {
    const [request, model] = [requests[index], expected.answers[index]];
    if (!request || !model) return 'an answer to nothing';
    const formOf = async (coding: string | undefined) => {
      const language = fieldsNamed(request, 'accept-language');
      const fields = coding === undefined ? [] : [`Accept-Encoding: ${coding}`];
      const [whole] = await innocent.get([request.target], [...language, ...fields]);
      return whole?.status === 200 ? whole : undefined;
    };
    const fault = await faultOf({ request, got: answer, model, formOf });
    if (fault) return `to ${JSON.stringify(request).slice(0, 400)}: ${fault}`;
  }
  return undefined;
}

/** Which of the answers are, and how many answers there are. */
const refusalsIn = (answers: readonly RawAnswer[]): string => answers.map(isRefusal).join();

const fieldsNamed = ({ fields }: Hostile, name: string) =>
  fields.filter((field) => field.toLowerCase().startsWith(`${name}:`));
