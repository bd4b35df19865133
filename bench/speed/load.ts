import type { Scope } from '../../support/scope.ts';
import { ChildRequests } from './child-requests.ts';
import type { Job, Work } from './load/job.ts';
import { startProgram } from './program.ts';

/** The process that makes the load, one for everything that is measured. */
export interface Load {
  do(job: Job): Promise<Work>;
}

export function startLoad(scope: Scope): Load {
  const requests = new ChildRequests<Job, Work>(startProgram(scope, 'bench/speed/load/main.js'), 'the load');
  return { do: (job) => requests.ask(job) };
}
