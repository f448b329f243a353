import { z } from 'zod';
import type { PublicKey } from '../net/keys.ts';
import { problemSchema } from './problem.ts';
import { type EnrollRequest, type EnrollResponse, enrollResponse } from './sync.ts';

/** Where a daemon enrols. */
export const ENROLL_PATH = '/api/v1/enroll';

export interface Enrollment {
  /** Control's base URL, `http:` or `https:`. */
  readonly url: string;
  readonly token: string;
  /** Ed25519. */
  readonly identityKey: PublicKey;
  /** X25519. */
  readonly tunnelKey: PublicKey;
  /** A gateway's public `address:port`; an agent has none. */
  readonly endpoint?: string;
}

/** Why enrolment failed, in a sentence; `code` is that of the problem control answered, or undefined when it did not answer as it should. */
export class EnrollmentError extends Error {
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.name = 'EnrollmentError';
    this.code = code;
  }
}

const TIMEOUT = 10_000;

/** Trades a single-use token for an identity (AGT-4). Only public keys leave. Throws EnrollmentError. */
export async function enroll({ url, ...request }: Enrollment): Promise<EnrollResponse> {
  const answer = await post(new URL(ENROLL_PATH, url), request satisfies EnrollRequest);
  const body: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok) throw refused(answer.status, body);
  const parsed = enrollResponse.safeParse(body);
  if (!parsed.success)
    throw new EnrollmentError(`control's answer is not an enrolment: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function post(url: URL, request: EnrollRequest): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      // The token goes to the configured control and nowhere that an answer points to.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new EnrollmentError(`control at ${url.origin} cannot be reached: ${String(cause)}`);
  }
}

function refused(status: number, body: unknown): EnrollmentError {
  const problem = problemSchema.safeParse(body);
  if (!problem.success) return new EnrollmentError(`control answered ${status} without a reason`);
  return new EnrollmentError(`${problem.data.title}: ${problem.data.detail}`, problem.data.code);
}
