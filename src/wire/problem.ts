/**
 * The one catalogue of errors. Every refusal of the API, and of control towards a daemon, is an RFC 9457 problem with one
 * of these codes; `docs/errors.md` lists the same, and a test compares them. Codes are stable: clients may branch on them.
 */
import { z } from 'zod';

interface Entry {
  readonly status: number;
  /** What is wrong, in a few words. The `detail` of an occurrence says what to do. */
  readonly title: string;
}

export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request is not well-formed' },
  'not-signed-in': { status: 401, title: 'Sign in first' },
  'wrong-credentials': { status: 401, title: 'Address or password is wrong' },
  'wrong-password': { status: 403, title: 'The password is wrong' },
  'wrong-code': { status: 403, title: 'The code is wrong' },
  'challenge-invalid': { status: 401, title: 'Begin signing in again' },
  'second-factor-state': { status: 409, title: 'The second factor is not in a state for this' },
  'reset-invalid': { status: 401, title: 'The link is unknown, used or expired' },
  'cross-site-refused': { status: 403, title: 'The request does not come from Parkway’s own pages' },
  'too-many-attempts': { status: 429, title: 'Too many attempts' },
  'too-many-streams': { status: 429, title: 'Too many streams of events are open' },
  'not-allowed': { status: 403, title: 'Your role does not allow this' },
  'scope-missing': { status: 403, title: 'The API token is not allowed to do this' },
  'source-not-allowed': { status: 403, title: 'The API token is not valid from this network' },
  'not-found': { status: 404, title: 'There is no such thing, or it is not yours to see' },
  'name-taken': { status: 409, title: 'The name is in use' },
  'already-exists': { status: 409, title: 'It exists already' },
  'idempotency-mismatch': { status: 409, title: 'The idempotency key was used for another request' },
  'idempotency-shown-once': { status: 409, title: 'The answer held a secret that is shown only once' },
  'idempotency-in-progress': { status: 409, title: 'The first request with this key is still running' },
  'cidr-syntax': { status: 422, title: 'Not an IPv4 prefix' },
  'cidr-host-bits': { status: 422, title: 'The prefix has host bits' },
  'subnet-not-private': { status: 422, title: 'The subnet is outside the private ranges' },
  'subnet-too-wide': { status: 422, title: 'The subnet is wider than /12' },
  'subnet-reserved': { status: 422, title: 'The subnet overlaps a reserved pool' },
  'subnet-duplicate': { status: 409, title: 'The plant has this subnet already' },
  'subnet-overlaps-own': { status: 409, title: 'The subnet overlaps another of the same plant' },
  'pool-exhausted': { status: 507, title: 'The address pool has no room left' },
  'address-outside-plant': { status: 422, title: 'The address is in none of the plant’s subnets' },
  'key-invalid': { status: 422, title: 'Not a public key of 32 bytes' },
  'key-in-use': { status: 409, title: 'The key is in use' },
  'key-retired': { status: 409, title: 'The key was used before and is dead' },
  'certificate-exists': { status: 409, title: 'You have a certificate' },
  'certificate-missing': { status: 404, title: 'You have no certificate' },
  'route-not-yours': { status: 404, title: 'You have no such route' },
  'enrollment-invalid': { status: 401, title: 'The enrolment token is unknown, used or expired' },
  'cap-exceeded': { status: 422, title: 'The role is above what the owner allows' },
  'cooperation-self': { status: 422, title: 'An organization cannot cooperate with itself' },
  'cooperation-exists': { status: 409, title: 'There is a cooperation with this organization' },
  'cooperation-state': { status: 409, title: 'The cooperation is not in a state for this' },
  'last-administrator': { status: 409, title: 'The organization would have no administrator' },
  'identity-needed': { status: 409, title: 'Nothing else would let you sign in' },
  'invitation-pending': { status: 409, title: 'The address has an open invitation' },
  'invitation-invalid': { status: 401, title: 'The invitation is unknown, used or expired' },
  'message-malformed': { status: 400, title: 'The daemon sent something that is not a message' },
  'message-too-large': { status: 413, title: 'The message is too large' },
  'daemon-unknown': { status: 401, title: 'The daemon is not enrolled, or its key is no longer the current one' },
  unavailable: { status: 503, title: 'The service cannot answer now' },
  internal: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The body of an error answer, `application/problem+json` (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string(),
    code: z.string(),
    title: z.string(),
    status: z.int(),
    /** What happened here, and what to do about it. */
    detail: z.string(),
    /** The fields that were refused, for `invalid-request`. */
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type ProblemBody = z.infer<typeof problemSchema>;

/** A refusal on its way to the client. Throw it anywhere below HTTP; nothing has been changed when it is thrown. */
export class Problem extends Error {
  readonly code: ProblemCode;
  /** When to try again, for what passes by itself. */
  readonly retryAfterSeconds: number | undefined;
  constructor(code: ProblemCode, detail: string, retryAfterSeconds?: number) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The answer's body. */
  body(): ProblemBody {
    const { status, title } = PROBLEMS[this.code];
    return { type: `urn:parkway:problem:${this.code}`, code: this.code, title, status, detail: this.message };
  }
}
