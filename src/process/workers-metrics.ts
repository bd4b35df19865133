import cluster, { type Worker } from 'node:cluster';
import { type Static, Type } from 'typebox';
import { mergeMetrics } from '../features/metrics/index.ts';
import { guardOf } from '../platform/index.ts';

/*
 * A request for metrics reaches one of the workers, which knows only its own metrics. It asks the first process, which asks
 * every worker that listens.
 */

/** How long a worker may take to send its metrics; then those of the others are sent without them. Milliseconds. */
const TELL_MS = 1_000;

const MessageSchema = Type.Union([
  Type.Object({ metrics: Type.Literal('ask'), id: Type.Number() }),
  Type.Object({ metrics: Type.Literal('tell'), id: Type.Number() }),
  Type.Object({ metrics: Type.Literal('told'), id: Type.Number(), text: Type.String() }),
  Type.Object({
    metrics: Type.Literal('all'),
    id: Type.Number(),
    texts: Type.Record(Type.String(), Type.String()),
  }),
]);

type Message = Static<typeof MessageSchema>;

const isMessage = guardOf(MessageSchema);

/** In the first process: collects metrics for workers that ask. `listening`: the workers to ask, with their numbers. */
export function relayMetrics(listening: () => readonly (readonly [number: number, Worker])[]): void {
  const waiting = new Map<number, (worker: Worker, text: string) => void>();
  let count = 0;

  cluster.on('message', (from, message: unknown) => {
    if (!isMessage(message)) return;
    if (message.metrics === 'told') waiting.get(message.id)?.(from, message.text);
    if (message.metrics === 'ask') askAll(from, message.id);
  });

  function askAll(asker: Worker, id: number): void {
    const missing = new Map(listening().map(([number, worker]) => [worker, number]));
    const texts: Record<string, string> = {};
    count += 1;
    const collectionId = count;
    const answer = () => {
      clearTimeout(late);
      waiting.delete(collectionId);
      asker.send({ metrics: 'all', id, texts } satisfies Message, () => {});
    };
    const late = setTimeout(answer, TELL_MS);
    waiting.set(collectionId, (worker, text) => {
      texts[String(missing.get(worker))] = text;
      missing.delete(worker);
      if (missing.size === 0) answer();
    });
    for (const worker of missing.keys()) {
      worker.send({ metrics: 'tell', id: collectionId } satisfies Message, () => {});
    }
  }
}

/** In a worker: makes the metrics of all workers of its own. */
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
