import { READ_BATCH } from './ip.ts';
import type { Runner } from './run.ts';

/** A command that would change something, or may. */
export class WouldChange extends Error {
  constructor(argv: readonly string[]) {
    super(`would run ${argv.join(' ')}`);
    this.name = 'WouldChange';
  }
}

const READING: readonly (readonly string[])[] = [READ_BATCH, ['wg', 'show'], ['sysctl', '-n']];

/**
 * A runner that reads and refuses everything else with WouldChange. What makes the kernel as it shall be, given this one,
 * finds out whether it is: nobody has to wait for that, and nothing is compared twice.
 */
export function readOnly(runner: Runner): Runner {
  return {
    run: async (argv, options) =>
      READING.some((words) => words.every((word, at) => argv[at] === word)) && onlyShows(options?.input ?? '')
        ? runner.run(argv, options)
        : refuse(argv),
    follow: refuse,
  };
}

/** Whether each line of a batch asks and none tells. */
function onlyShows(input: string): boolean {
  return input.split('\n').every((line) => /^$|^\w+ show( |$)/.test(line));
}

function refuse(argv: readonly string[]): never {
  throw new WouldChange(argv);
}
