import { answerQuestions } from '../../speed/questions.ts';
import { offer } from './offer.ts';

/** The process that makes the load: one job after the other. */
answerQuestions(offer);
