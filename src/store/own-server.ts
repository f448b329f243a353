import { realRunner } from '../kernel/run.ts';
import { type EmbeddedServer, embeddedBinaries, startServer } from './embedded.ts';

/** Starts the Postgres that comes with Parkway, with its data in `directory`. See `startServer`. */
export async function startOwnServer(directory: string, log: (message: string) => void): Promise<EmbeddedServer> {
  return startServer({ runner: realRunner(), binaries: embeddedBinaries(), directory, log });
}
