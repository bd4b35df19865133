/** What the process that makes the load is told, and what it answers. */

export interface Job {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** As it goes over the wire. `{price}` in it is another one each time, `{id}` one of `ids`. */
  readonly text: string;
  readonly ids: number;
  /** At most; one request at a time on each. */
  readonly connections: number;
  readonly milliseconds: number;
  /** Requests a second, whatever becomes of them; unless given, one after the other on every connection. */
  readonly rate?: number;
}

/** What became of the requests that were due. */
export interface Outcome {
  readonly seconds: number;
  readonly due: number;
  readonly sent: number;
  /** Answered 2xx within a second of when they were due. */
  readonly good: number;
  /** Answered 503. */
  readonly shed: number;
  /** Answered 2xx, but later than that. */
  readonly late: number;
  /** Answered otherwise, or not at all. */
  readonly failed: number;
  /** Of the good answers, from when they were due. Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** From the beginning to the end of the last tenth of a second in which not nearly all were good. Milliseconds. */
  readonly recoveredAfter: number;
  /** The share of the time for which this process had its core: near 1 it was the load that was slow. */
  readonly busy: number;
}
