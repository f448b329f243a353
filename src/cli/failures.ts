import type { ProblemBody } from '../wire/problem.ts';

/** How a call ends, for scripts. `docs/cli.md` and `parkway --help` say the same. */
export const EXIT = {
  fine: 0,
  /** The server refused, or there is nothing of the name that was given. */
  refused: 1,
  /** The call itself is wrong, or the question was answered with no. Nothing was changed. */
  usage: 2,
  /** The server did not answer, or what answered is not Parkway. */
  unreachable: 3,
  /** It is done, but `--wait` ended before every gateway had confirmed it. */
  notYet: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a sentence on standard error and an exit code. */
export class Failure extends Error {
  readonly exit: ExitCode;
  constructor(exit: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.exit = exit;
  }
}

/** The server answered with a problem (RFC 9457). */
export class Refused extends Failure {
  readonly problem: ProblemBody;
  constructor(problem: ProblemBody) {
    const fields = (problem.errors ?? []).map((error) => `\n  ${error.path}: ${error.message}`);
    super(EXIT.refused, `${problem.title}. ${problem.detail} (${problem.code})${fields.join('')}`);
    this.problem = problem;
  }
}

/** No answer of Parkway's. `sent` is false when it is certain that the request never reached a server. */
export class Unreachable extends Failure {
  readonly sent: boolean;
  constructor(message: string, sent: boolean, options?: ErrorOptions) {
    super(EXIT.unreachable, message, options);
    this.sent = sent;
  }
}

/** A call that cannot be carried out as it stands. */
export function wrongUsage(message: string): Failure {
  return new Failure(EXIT.usage, message);
}
