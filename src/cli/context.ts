import { join } from 'node:path';
import type { Environment } from './environment.ts';

/** Where a command reads from and writes to. A test gives its own. */
export interface Terminal {
  /** Whether a person sits there: questions may be asked. */
  readonly interactive: boolean;
  /** Whether what is printed may carry colours: standard output is a terminal that wants them. */
  readonly colors: boolean;
  /** Writes to standard output: what the command is for. */
  out(text: string): void;
  /** Writes to standard error: what is said about it. */
  err(text: string): void;
  /** Asks for one line; `hidden` does not echo what is typed. */
  ask(question: string, hidden?: 'hidden'): Promise<string>;
  /** Everything on standard input. */
  readInput(): Promise<string>;
}

/** What every command is given. */
export interface Context {
  readonly environment: Environment;
  readonly terminal: Terminal;
}

/** The folder of the command line's own files. */
export function configFolder({ environment }: Context): string {
  return join(environment.XDG_CONFIG_HOME ?? join(environment.HOME, '.config'), 'parkway');
}
