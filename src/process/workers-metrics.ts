import cluster, { type Worker } from 'node:cluster';
import { mergeMetrics } from '../metrics/merge.ts';

/*
 * Whoever asks for figures is answered by one of the workers, which knows only its own. It asks the first process, and
 * that one asks all who listen.
 */

/** What a worker may take to say its figures; then the others' are sent without. Milliseconds. */
const TELL_MS = 1_000;

type Message =
  | { readonly metrics: 'ask'; readonly id: number }
  | { readonly metrics: 'tell'; readonly id: number }
  | { readonly metrics: 'told'; readonly id: number; readonly text: string }
  | { readonly metrics: 'all'; readonly id: number; readonly texts: Readonly<Record<string, string>> };

const isMessage = (given: unknown): given is Message => typeof Object(given).metrics === 'string';

/** In the first process: passes on what workers ask each other. `listening`: those to ask, by their numbers. */
export function relayMetrics(listening: () => readonly (readonly [number: number, Worker])[]): void {
  const waiting = new Map<number, (worker: Worker, text: string) => void>();
  let count = 0;

  cluster.on('message', (from, message: unknown) => {
    if (!isMessage(message)) return;
    if (message.metrics === 'told') waiting.get(message.id)?.(from, message.text);
    if (message.metrics === 'ask') askAll(from, message.id);
  });

  function askAll(asker: Worker, id: number): void {
    const asked = new Map(listening().map(([number, worker]) => [worker, number]));
    const texts: Record<string, string> = {};
    count += 1;
    const question = count;
    const answer = () => {
      clearTimeout(late);
      waiting.delete(question);
      asker.send({ metrics: 'all', id, texts } satisfies Message, () => {});
    };
    const late = setTimeout(answer, TELL_MS);
    waiting.set(question, (worker, text) => {
      texts[String(asked.get(worker))] = text;
      asked.delete(worker);
      if (asked.size === 0) answer();
    });
    for (const worker of asked.keys()) {
      worker.send({ metrics: 'tell', id: question } satisfies Message, () => {});
    }
  }
}

/** In a worker: everybody's figures, in place of its own. */
export function gatherMetrics(own: () => Promise<string>): () => Promise<string> {
  const waiting = new Map<number, (texts: Readonly<Record<string, string>>) => void>();
  let count = 0;

  process.on('message', async (message) => {
    if (!isMessage(message)) return;
    const { id } = message;
    if (message.metrics === 'tell') say({ metrics: 'told', id, text: await own() });
    if (message.metrics !== 'all') return;
    waiting.get(id)?.(message.texts);
    waiting.delete(id);
  });

  return () =>
    new Promise((resolve) => {
      count += 1;
      waiting.set(count, (texts) => resolve(mergeMetrics(texts)));
      say({ metrics: 'ask', id: count });
    });
}

function say(message: Message): void {
  process.send?.(message);
}
