/**
 * `cli` owns the command line `parkway …`: what a person or a script does with the product, through the public API only,
 * and `parkway lab`, which runs the whole system on one machine.
 *
 * This file: what belongs to the process. `program.ts` lists the commands.
 */
import { z } from 'zod';
import { environmentSchema } from './environment.ts';
import { EXIT } from './failures.ts';
import { run } from './program.ts';
import { processTerminal } from './terminal.ts';

const environment = environmentSchema.safeParse(process.env);
if (environment.success) {
  const code = await run(process.argv.slice(2), { environment: environment.data, terminal: processTerminal() });
  // A command that ran another, such as `lab exec`, has set that one's code.
  if (code !== EXIT.fine) process.exitCode = code;
} else {
  console.error(`parkway: the environment is not as it should be.\n${z.prettifyError(environment.error)}`);
  process.exitCode = EXIT.usage;
}
