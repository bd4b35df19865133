import { createError } from '@fastify/error';

/**
 * The one table of this service's own errors: code, message (what happened, to what, what to do next) and
 * HTTP status. Whatever else reaches the error handler is a bug and answers 500.
 */
export const ConfigurationError = createError<[string]>('PL_CONFIGURATION', '%s. See .env.example');

export const EnvFileNotText = createError<[string, string]>(
  'PL_ENV_FILE_NOT_TEXT',
  '%s is not UTF-8 text (%s): save it as UTF-8, and start again',
);

export const EnvFileUnreadable = createError<[string, string]>(
  'PL_ENV_FILE_UNREADABLE',
  'Cannot read %s (%s): make it a file that can be read, or remove it',
);

export const CannotListen = createError<[string, string, string]>(
  'PL_CANNOT_LISTEN',
  'Cannot listen on %s (%s): %s',
);

export const MigrationsLocked = createError<[string, string, number]>(
  'PL_MIGRATIONS_LOCKED',
  'Database %s was not migrated: session %s has held the migration lock for more than %s seconds. Wait until it ends, or end it (SELECT pg_terminate_backend)',
);

export const MigrationUnfinished = createError<[string, string]>(
  'PL_MIGRATION_UNFINISHED',
  'Database %s was not migrated: %s failed, or was interrupted by another program. Run `npx prisma migrate resolve` with --applied where its changes are there, else with --rolled-back',
);

export const SamplesLocked = createError<[number]>(
  'PL_SAMPLES_LOCKED',
  'The sample listings were not added: another session has held advisory lock %s for a minute. End it, and start again',
);

export const WrongHead = createError<[string]>('PL_WRONG_HEAD', '%s', 400);

export const ExpectationFailed = createError(
  'PL_EXPECTATION_FAILED',
  'Expect asks for more than 100-continue, which is all that is known here: leave it away',
  417,
);

export const NoTunnel = createError(
  'PL_NO_TUNNEL',
  'CONNECT asks a proxy for a tunnel, and this is none: send requests to this server itself',
  501,
);

export const DatabaseUnavailable = createError(
  'PL_DATABASE_UNAVAILABLE',
  'The database does not answer: try again',
  503,
);

/** The same of a write, whose outcome is unknown. */
export const WriteUnanswered = createError(
  'PL_DATABASE_UNAVAILABLE',
  'The database does not answer. The write may have been made all the same: read first, then try again',
  503,
);

export const DatabaseBusy = createError(
  'PL_DATABASE_BUSY',
  'The database has no connection free for this request, which changed nothing: try again',
  503,
);

export const DatabaseUnable = createError<[string]>(
  'PL_DATABASE_UNABLE',
  'The database cannot do this now (%s), and nothing was changed: try again',
  503,
);

export const DatabaseConflict = createError<[string]>(
  'PL_DATABASE_CONFLICT',
  'This conflicts with what the database holds, by a rule of its own, and nothing was changed: %s',
  409,
);

export const DatabaseRuleBroken = createError<[string]>(
  'PL_DATABASE_RULE_BROKEN',
  'A rule of the database does not allow this, and nothing was changed: %s',
  422,
);

export const ModelWithoutRule = createError<[string]>(
  'PL_MODEL_WITHOUT_RULE',
  'No rule says what a change of the model %s invalidates, so it was not sent: add one to tagsOf',
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

export const PropertyUnchanged = createError<[number]>(
  'PL_PROPERTY_UNCHANGED',
  'Property %s is what If-None-Match says that it must not be, so nothing was done',
  412,
);

export const PropertyNotWritten = createError<[number]>(
  'PL_PROPERTY_NOT_WRITTEN',
  'Property %s was not written: other writes came before, or a trigger of the database prevents it. Read it again',
  409,
);

export const PropertyNotAdded = createError(
  'PL_PROPERTY_NOT_ADDED',
  'The listing was not added: a trigger of the database prevents it',
  409,
);

export const CollectionPrecondition = createError(
  'PL_COLLECTION_PRECONDITION',
  'A condition on the whole list is not decided here, so nothing was added: leave If-Match and If-None-Match away',
  412,
);

export const PreconditionFailed = createError(
  'PL_PRECONDITION_FAILED',
  'What is here now is not what If-Match says: leave it away, or send the ETag that this has now',
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

export const RangeNotSatisfiable = createError<[string]>(
  'PL_RANGE_NOT_SATISFIABLE',
  'This page has no such bytes (Content-Range: %s): ask for some that it has, or leave Range away',
  416,
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

export const EmbeddedMissing = createError<[string]>(
  'PL_EMBEDDED_MISSING',
  'No embedded PostgreSQL for %s is installed (it comes with the development dependencies): set DATABASE_URL, or run `npm ci`',
);

export const EmbeddedNoFolder = createError<[string, string]>(
  'PL_EMBEDDED_NO_FOLDER',
  'Cannot keep a database in %s (%s): let this user write there, or set DATABASE_URL',
);

export const EmbeddedNoUser = createError<[string]>(
  'PL_EMBEDDED_NO_USER',
  'PostgreSQL does not run as root and none of the users %s exists: run as another user, or set DATABASE_URL',
);

export const EmbeddedInitdb = createError<[string, string]>(
  'PL_EMBEDDED_INITDB',
  'Could not create a database cluster in %s: %s',
);

export const EmbeddedNotACluster = createError<[string]>(
  'PL_EMBEDDED_NOT_A_CLUSTER',
  '%s is not a PostgreSQL cluster (it has no PG_VERSION): move it away and start again',
);

export const EmbeddedOtherMajor = createError<[string, string, string]>(
  'PL_EMBEDDED_OTHER_MAJOR',
  '%s is a PostgreSQL %s cluster and this is PostgreSQL %s: nothing was changed; dump it with its own version, or move it away and start again',
);

export const EmbeddedStart = createError<[string, string, string]>(
  'PL_EMBEDDED_START',
  'Could not start PostgreSQL in %s: %s (its log: %s)',
);

export const EmbeddedStuck = createError<[string, string]>(
  'PL_EMBEDDED_STUCK',
  'PostgreSQL in %s keeps starting or stopping: see %s, end the process that postmaster.pid names, and start again',
);

export const EmbeddedConnect = createError<[string, string]>(
  'PL_EMBEDDED_CONNECT',
  'PostgreSQL in %s runs but does not let us in: %s',
);

export const WriteKeyUnusable = createError<[string, number]>(
  'PL_WRITE_KEY_UNUSABLE',
  '%s holds no write key of at least %d characters: write one into it, or delete it and start again',
);
