import type { Scope } from '../../test/helpers/scope.ts';
import type { Job, Work } from './load/job.ts';
import { startProgram } from './program.ts';
import { Questions } from './questions.ts';

/** Whoever makes the load: one process, for everything that is measured. */
export interface Load {
  do(job: Job): Promise<Work>;
}

export function startLoad(scope: Scope): Load {
  const questions = new Questions<Job, Work>(startProgram(scope, 'bench/speed/load/main.js'), 'the load');
  return { do: (job) => questions.ask(job) };
}
