import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedNoFolder, EmbeddedStart, EmbeddedStuck } from '../errors.ts';
import { codeOf } from '../platform/index.ts';
import { type Binaries, findBinaries, runnableBinaries } from './binaries.ts';
import { type Cluster, findOrCreateCluster } from './cluster.ts';
import { choosePort, writeUrl } from './database-url.ts';
import { askForLease, DATABASE, type Lease } from './lease.ts';
import { LOOK, startPostmaster } from './postmaster.ts';

/*
 * A PostgreSQL for a machine with nothing installed but Node, shared by all processes that open its directory.
 *
 * - No lock of ours guards the start. PostgreSQL's own (`postmaster.pid`) lets one server run in a
 *   cluster and survives any crash; a process that loses the race to start it finds the winner's and shares it.
 * - `postmaster.pid` is also where the port is read from; `database-url` only follows.
 * - Each process that opens it holds a lease (lease.ts); the last one to close it stops the server.
 * - A start that fails is tried twice more: another process may have taken the port, or been faster.
 */

const MAX_STARTS = 3;

export interface EmbeddedPostgres {
  /** `postgresql://…/property_listings?sslmode=disable`, password included: nothing is left to a client's environment. */
  readonly url: string;
  /** Stops the server if no other process has it open, and then waits until it is down. */
  close(): Promise<void>;
}

/** How long to wait for a server that another process is starting or stopping, and for one that recovers from a crash. Milliseconds. */
const PATIENCE_MS = 60_000;
const REPAIR_MS = 10 * 60_000;

export interface Opening {
  readonly patience?: number;
  /** Ends the opening, and the initdb or server that it has started. */
  readonly signal?: AbortSignal | undefined;
  /** Called with what is waited for now. */
  readonly waitsFor?: (what: string) => void;
}

/**
 * Opens the PostgreSQL whose files are in `<directory>/postgres`; makes and starts it if need be.
 *
 * @param directory created if missing; also has `database-url` and `postgres.log`
 * @throws the coded errors of errors.ts, one line each, or the reason of the signal
 */
export async function openEmbeddedPostgres(
  directory: string,
  { patience = PATIENCE_MS, signal, waitsFor = () => {} }: Opening = {},
): Promise<EmbeddedPostgres> {
  const folder = resolve(directory);
  await makeFolder(folder);
  const binaries = await findBinaries();
  const cluster = await findOrCreateCluster(folder, binaries, { signal, waitsFor });
  const installation = {
    cluster,
    binaries,
    urlFile: join(folder, 'database-url'),
    log: join(folder, 'postgres.log'),
    signal,
    waitsFor,
  };
  const lease = await obtainLease(installation, Date.now() + patience);
  const url = `postgresql://postgres:${cluster.password}@127.0.0.1:${lease.port}/${DATABASE}?sslmode=disable`;
  await writeUrl(installation.urlFile, url);
  return { url, close: lease.release };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new EmbeddedNoFolder(folder, String(codeOf(error)));
  }
}

interface Installation extends Required<Omit<Opening, 'patience' | 'signal'>>, Pick<Opening, 'signal'> {
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly urlFile: string;
  readonly log: string;
}

async function obtainLease(installation: Installation, deadline: number): Promise<Lease> {
  let failures = 0;
  let lease = await askForLease(installation.cluster);
  while (typeof lease === 'string') {
    if (lease === 'busy') await waitAMoment(installation, deadline);
    else {
      const failure = await start(installation);
      if (failure !== undefined) installation.signal?.throwIfAborted();
      if (failure !== undefined && ++failures === MAX_STARTS) {
        throw new EmbeddedStart(installation.cluster.path, failure, installation.log);
      }
    }
    lease = await askForLease(installation.cluster);
  }
  return lease;
}

async function start({
  cluster,
  binaries,
  urlFile,
  log,
  signal,
  waitsFor,
}: Installation): Promise<string | undefined> {
  const native = await runnableBinaries(binaries, cluster.user);
  const port = await choosePort(urlFile);
  waitsFor(`PostgreSQL in ${cluster.path} to start: see ${log}`);
  const ended = AbortSignal.any([signal ?? [], AbortSignal.timeout(REPAIR_MS)].flat());
  return startPostmaster({ native, cluster: cluster.path, log, port, user: cluster.user, signal: ended });
}

async function waitAMoment(
  { cluster, log, signal, waitsFor }: Installation,
  deadline: number,
): Promise<void> {
  if (Date.now() > deadline) throw new EmbeddedStuck(cluster.path, log);
  waitsFor(`PostgreSQL in ${cluster.path}, which another process is starting or stopping: see ${log}`);
  await sleep(LOOK, undefined, { signal });
}
