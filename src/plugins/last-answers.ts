import fp from 'fastify-plugin';

/**
 * Ends each connection with the last answer on it once the service is closing. A client keeps one that it used for
 * later, and until it goes by itself, after a minute, `close` would wait for it.
 */
export const lastAnswers = fp(
  async (app) => {
    let closing = false;
    app.addHook('preClose', async () => {
      closing = true;
    });
    app.addHook('onSend', (_request, reply, _payload, done) => {
      if (closing) reply.header('connection', 'close');
      done();
    });
  },
  { name: 'last-answers', fastify: '5.x' },
);
