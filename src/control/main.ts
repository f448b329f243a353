/**
 * The control process. Reads the environment, starts control, and stops it on SIGTERM or SIGINT.
 */
import { pino } from 'pino';
import { parseConfig } from './config.ts';
import { startControl } from './start.ts';

async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const log = pino({ level: config.logLevel, redact: ['req.headers.authorization'] });
  const control = await startControl(config, log);
  log.info({ url: control.url, publicUrl: config.publicUrl }, 'control is up');
  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, 'stopping');
    control.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
