import { ErrorReply } from 'redis';

/**
 * Whether Redis itself answered with an error, of any kind or of the one that `code` names: its first word
 * (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors).
 */
export function isReply(error: unknown, code = ''): error is ErrorReply {
  return error instanceof ErrorReply && error.message.startsWith(code);
}
