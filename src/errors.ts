import { createError } from '@fastify/error';

/**
 * The one table of this service's own errors: code, message (what happened, to what, what to do next) and
 * HTTP status. Whatever else reaches the error handler is a bug and answers 500.
 */
export const ConfigurationError = createError<[string]>('PL_CONFIGURATION', '%s. See .env.example');

export const PortInUse = createError<[string, number]>(
  'PL_PORT_IN_USE',
  '%s:%s is in use by another program: stop that, or set PORT to a free one',
);

export const DatabaseUnreachable = createError<[string, string]>(
  'PL_DATABASE_UNREACHABLE',
  'PostgreSQL at %s does not answer (%s): start it, or correct DATABASE_URL',
);

export const DatabaseUnavailable = createError(
  'PL_DATABASE_UNAVAILABLE',
  'The database cannot be reached. Nothing was changed by this request; try again',
  503,
);

export const PropertyNotFound = createError<[number]>(
  'PL_PROPERTY_NOT_FOUND',
  'There is no property %s',
  404,
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

export const WriteKeyRequired = createError<[string]>('PL_WRITE_KEY_REQUIRED', '%s', 401);
