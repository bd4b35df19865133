/** GET /properties/ with parameters, on one application and one database. */
import t from 'tap';
import { build } from '../helpers/app.ts';
import { answersAsTheModel } from './listing/answers.ts';
import { boundedEntries } from './listing/bounds.ts';
import { onePageForOneQuestion } from './listing/canonical.ts';
import { cursorsAreSafe } from './listing/cursors.ts';
import { pagesSurviveChanges } from './listing/paging.ts';
import { wrongParametersAreRefused } from './listing/refusals.ts';
import { answersAreFresh } from './listing/writes.ts';

const app = await build(t);

t.test('answers', (t) => answersAsTheModel(t, app));
t.test('paging', (t) => pagesSurviveChanges(t, app));
t.test('cursors', (t) => cursorsAreSafe(t, app));
t.test('one page for one question', (t) => onePageForOneQuestion(t, app));
t.test('writes', (t) => answersAreFresh(t, app));
t.test('wrong parameters', (t) => wrongParametersAreRefused(t, app));
t.test('bounds', boundedEntries);
