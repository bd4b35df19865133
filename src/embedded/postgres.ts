import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Binaries, findBinaries, runnableBinaries } from './binaries.ts';
import { type Cluster, findOrCreateCluster } from './cluster.ts';
import { choosePort, writeUrl } from './database-url.ts';
import { EMBEDDED_START, EMBEDDED_STUCK } from './errors.ts';
import { askForLease, DATABASE, type Lease } from './lease.ts';
import { LOOK, startPostmaster } from './postmaster.ts';

/*
 * A PostgreSQL for a machine with nothing installed but Node, shared by all who open its directory.
 *
 * - No lock of ours guards the start. PostgreSQL's own (`postmaster.pid`) lets one server run in a
 *   cluster and survives any crash; whoever loses the race to start it finds the winner's and shares it.
 * - `postmaster.pid` is also where the port is read from; `database-url` only follows.
 * - Whoever opens holds a lease (lease.ts); the last one to close stops the server.
 * - A start that fails is tried twice more: another may have taken the port, or been faster.
 */

const MAX_STARTS = 3;

export interface EmbeddedPostgres {
  /** `postgresql://…/property_listings`, password included. */
  readonly url: string;
  /** Stops the server if nobody else has it open, and then waits until it is down. */
  close(): Promise<void>;
}

/**
 * Opens the PostgreSQL whose files are in `<directory>/postgres`; makes and starts it if need be.
 *
 * @param directory made if missing; also gets `database-url` and `postgres.log`
 * @param patience milliseconds to wait for a server that someone else is starting or stopping
 * @throws the coded errors of errors.ts, one line each
 */
export async function openEmbeddedPostgres(directory: string, patience = 60_000): Promise<EmbeddedPostgres> {
  const folder = resolve(directory);
  await mkdir(folder, { recursive: true });
  const binaries = await findBinaries();
  const cluster = await findOrCreateCluster(folder, binaries);
  const place = {
    cluster,
    binaries,
    urlFile: join(folder, 'database-url'),
    log: join(folder, 'postgres.log'),
  };
  const lease = await obtainLease(place, Date.now() + patience);
  const url = `postgresql://postgres:${cluster.password}@127.0.0.1:${lease.port}/${DATABASE}`;
  await writeUrl(place.urlFile, url);
  return { url, close: lease.release };
}

interface Place {
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly urlFile: string;
  readonly log: string;
}

async function obtainLease(place: Place, deadline: number): Promise<Lease> {
  let failures = 0;
  let lease = await askForLease(place.cluster);
  while (typeof lease === 'string') {
    if (lease === 'busy') await waitAMoment(place, deadline);
    else {
      const failure = await start(place);
      if (failure !== undefined && ++failures === MAX_STARTS) {
        throw new EMBEDDED_START(place.cluster.path, failure, place.log);
      }
    }
    lease = await askForLease(place.cluster);
  }
  return lease;
}

async function start({ cluster, binaries, urlFile, log }: Place): Promise<string | undefined> {
  const native = await runnableBinaries(binaries, cluster.user);
  const port = await choosePort(urlFile);
  return startPostmaster({ native, cluster: cluster.path, log, port, user: cluster.user });
}

async function waitAMoment({ cluster, log }: Place, deadline: number): Promise<void> {
  if (Date.now() > deadline) throw new EMBEDDED_STUCK(cluster.path, log);
  await sleep(LOOK);
}
