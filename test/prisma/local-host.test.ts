import t from 'tap';
import { hostOf, isThisMachine } from '../../prisma/seed/local-host.ts';

for (const [url, host, local] of [
  ['postgresql://postgres@localhost:5432/a', 'localhost', true],
  ['postgresql://postgres@LOCALHOST/a', 'LOCALHOST', true],
  ['postgresql://127.0.0.1/a', '127.0.0.1', true],
  ['postgresql://127.8.9.10/a', '127.8.9.10', true],
  ['postgresql://[::1]:5432/a', '::1', true],
  ['postgresql:///a?host=/var/run/postgresql', '/var/run/postgresql', true],
  ['postgresql://%2Ftmp/a', '/tmp', true],
  ['postgresql://user:secret@db.example.com/a', 'db.example.com', false],
  ['postgresql://localhost/a?host=db.example.com', 'db.example.com', false],
  ['postgresql://localhost.example.com/a', 'localhost.example.com', false],
  ['postgresql://128.0.0.1/a', '128.0.0.1', false],
  ['postgresql://[2001:db8::1]/a', '2001:db8::1', false],
] as const) {
  t.test(`${url} is ${local ? '' : 'not '}on this machine`, async (t) => {
    t.equal(hostOf(url), host);
    t.equal(isThisMachine(hostOf(url)), local);
  });
}
