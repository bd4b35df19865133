/** GET /properties/ with parameters, on one application and one database. */
import t from 'tap';
import { answersAsTheModel } from '../features/properties/listing/answers.ts';
import { boundedEntries } from '../features/properties/listing/bounds.ts';
import { onePageForOneQuestion } from '../features/properties/listing/canonical.ts';
import { cursorsAreSafe } from '../features/properties/listing/cursors.ts';
import { pagesSurviveChanges } from '../features/properties/listing/paging.ts';
import { wrongParametersAreRefused } from '../features/properties/listing/refusals.ts';
import { answersAreFresh } from '../features/properties/listing/writes.ts';
import { build } from '../helpers/app.ts';

const app = await build(t);

t.test('answers', (t) => answersAsTheModel(t, app));
t.test('paging', (t) => pagesSurviveChanges(t, app));
t.test('cursors', (t) => cursorsAreSafe(t, app));
t.test('one page for one list query', (t) => onePageForOneQuestion(t, app));
t.test('writes', (t) => answersAreFresh(t, app));
t.test('wrong parameters', (t) => wrongParametersAreRefused(t, app));
t.test('bounds', boundedEntries);
