import t from 'tap';
import { codeOf, fieldsOf, hasFields, messageOf } from '../../src/platform/fields.ts';

const NO_OBJECTS: readonly unknown[] = [undefined, null, 5, 'text', true];

t.test('the fields of an object or a list are its own, and inherited ones', async (t) => {
  const value = { a: 1, b: { c: 2 } };
  t.equal(fieldsOf(value), value);
  t.equal(fieldsOf(fieldsOf(value).b).c, 2);
  t.equal(fieldsOf(['first'])[0], 'first');
  t.equal(typeof fieldsOf(new Date()).getTime, 'function');
  t.ok(hasFields([]));
});

t.test('what is no object has no fields', async (t) => {
  for (const value of NO_OBJECTS) {
    t.notOk(hasFields(value), String(value));
    t.equal(fieldsOf(value).length, undefined, String(value));
    t.same(Object.keys(fieldsOf(value)), [], String(value));
  }
});

t.test('the message of an error is what it says, and of any other thrown value the value', async (t) => {
  t.equal(messageOf(new Error('out of luck')), 'out of luck');
  t.equal(messageOf({ message: 'from another realm' }), 'from another realm');
  t.equal(messageOf(new Error('')), '');
  t.equal(messageOf({ message: 5 }), '[object Object]');
  for (const value of NO_OBJECTS) t.equal(messageOf(value), String(value));
});

t.test('the code of an error is a text, and undefined where it has none', async (t) => {
  t.equal(codeOf(Object.assign(new Error('no'), { code: 'ENOENT' })), 'ENOENT');
  t.equal(codeOf(Object.assign(new Error('no'), { code: 20 })), '20');
  t.equal(codeOf(new Error('no')), undefined);
  for (const value of NO_OBJECTS) t.equal(codeOf(value), undefined);
});
