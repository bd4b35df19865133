/** What the process that makes the load is told, and what it answers. */

export interface Job {
  /** Of 127.0.0.1. */
  readonly port: number;
  readonly request: SentRequest;
  readonly connections: number;
  readonly milliseconds: number;
  /** Made before each request that is timed, and not timed itself. */
  readonly before?: Before;
  /** Requests a second, of all connections together; as many as there can be without it. */
  readonly rate?: number;
  readonly beside?: Fills;
}

/** A request to the same server or to another one. */
export interface Before {
  readonly port: number;
  readonly request: SentRequest;
}

export interface SentRequest {
  /** As it goes over the wire. `{n}` in it is another number each time. */
  readonly text: string;
  readonly status: number;
  /** Of the body, in bytes; any without it. */
  readonly length?: number;
  /** What must stand in the head, in lower case, of the answers before any is counted. */
  readonly head: readonly string[];
}

/** Fills of another page while requests are made: again and again, each after an invalidation. */
export interface Fills {
  readonly invalidate: SentRequest;
  readonly page: SentRequest;
  /** The same request, when its answer is compressed. */
  readonly compressed: SentRequest;
}

/** What happened to the other page while a request was made. */
export type Phase = 'quiet' | 'filling' | 'compressing';

export interface Work {
  readonly requests: number;
  readonly seconds: number;
  /** The share of the time for which this process had its core: near 1 it was the load that was slow. */
  readonly busy: number;
  readonly phases: Readonly<Record<Phase, Latency>>;
}

/** Of the requests of one phase. Milliseconds. */
export interface Latency {
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}
