import { createError } from '@fastify/error';

/**
 * The one table of this service's own errors: code, message (what happened, to what, what to do next) and
 * HTTP status. Whatever else reaches the error handler is a bug and answers 500.
 */
export const ConfigurationError = createError<[string]>('PL_CONFIGURATION', '%s. See .env.example');

export const CannotListen = createError<[string, string]>(
  'PL_CANNOT_LISTEN',
  'Cannot listen on %s (%s): stop what listens there already, or correct HOST and PORT',
);

export const DatabaseUnavailable = createError(
  'PL_DATABASE_UNAVAILABLE',
  'The database does not answer: try again. A write may have been made all the same, so read first',
  503,
);

export const DatabaseBusy = createError(
  'PL_DATABASE_BUSY',
  'The database has no connection free for this request, which changed nothing: try again',
  503,
);

export const BodyNotUtf8 = createError(
  'PL_BODY_NOT_UTF8',
  'The body is not UTF-8, as JSON has to be (RFC 8259 §8.1)',
  400,
);

export const PropertyNotFound = createError<[number]>(
  'PL_PROPERTY_NOT_FOUND',
  'There is no property %s',
  404,
);

export const PropertyChanged = createError<[number]>(
  'PL_PROPERTY_CHANGED',
  'Property %s is not what If-Match says: read it again, and send the ETag that it has now',
  412,
);

export const RouteNotFound = createError<[string]>(
  'PL_ROUTE_NOT_FOUND',
  'There is no %s here. GET /openapi.json lists every route',
  404,
);

export const MethodNotAllowed = createError<[string, string]>(
  'PL_METHOD_NOT_ALLOWED',
  '%s is not allowed here: use %s',
  405,
);

export const TooManyStreams = createError(
  'PL_TOO_MANY_STREAMS',
  'As many dashboards are open as this server takes: close one, or try again',
  503,
);

export const OnlyIfCached = createError(
  'PL_ONLY_IF_CACHED',
  'This page is not in the cache, and the request forbids to ask further: leave only-if-cached away',
  504,
);

export const WriteKeyRequired = createError<[string]>('PL_WRITE_KEY_REQUIRED', '%s', 401);

export const TooManyWrites = createError<[number]>(
  'PL_TOO_MANY_WRITES',
  'This client has made all the writes that it may make in a minute: try again in %s seconds',
  429,
);

export const Overloaded = createError(
  'PL_OVERLOADED',
  'There is more to do here than can be done in time. This request was not begun: try again',
  503,
);
