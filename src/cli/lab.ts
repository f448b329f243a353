import { Command } from 'commander';
import type { Environment } from './environment.ts';

/** `parkway lab …`: the commands of the lab's contract. */
export function labCommand(_environment: Environment): Command {
  return new Command('lab').description(
    'The whole system on this machine: separate processes, real tunnels, real kernel rules.',
  );
}
