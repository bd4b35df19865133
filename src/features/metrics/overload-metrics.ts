import { Counter, Gauge, type Registry } from 'prom-client';

/** Requests that wait to be begun, and those that were refused since the start. */
export interface Overload {
  readonly waiting: number;
  readonly refused: number;
}

/** Requests that cannot be answered in time. */
export function registerOverloadMetrics(registry: Registry, overload: Overload): void {
  const registers = [registry];

  new Gauge({
    name: 'http_requests_waiting',
    help: 'Requests that have come and were not begun, because there is as much to do as can be done in time',
    registers,
    collect() {
      this.set(overload.waiting);
    },
  });
  new Counter({
    name: 'http_requests_refused_total',
    help: 'Requests that were refused with 503 before they were begun, and which no other metric counts',
    registers,
    collect() {
      this.reset();
      this.inc(overload.refused);
    },
  });
}
