import { answerQuestions } from '../questions.ts';
import { work } from './work.ts';

/** The process that makes the load, for all measurements: one job after the other. */
answerQuestions(work);
