import { answerRequests } from '../../speed/child-requests.ts';
import { offer } from './offer.ts';

/** The process that makes the load: one job after the other. */
answerRequests(offer);
