import { answerRequests } from '../child-requests.ts';
import { work } from './work.ts';

/** The process that makes the load, for all measurements: one job after the other. */
answerRequests(work);
