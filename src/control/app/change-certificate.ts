import { type Certificate, issueCertificate, revokeCertificate, rotateCertificate } from '../../store/certificates.ts';
import { change } from '../../store/change.ts';
import type { IssueInput, RotateInput } from '../../wire/rest/certificate.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { parseKey } from '../key.ts';

/** What a change made, and the revision at which it is made. */
interface Changed<T> {
  readonly revision: number;
  readonly value: T;
}

/** Issues the actor's certificate (VPN-1). Throws `key-invalid` and what `issueCertificate` throws. */
export async function issueOwn(deps: Deps, { userId }: Actor, input: IssueInput): Promise<Changed<Certificate>> {
  const wanted = { userId, publicKey: parseKey(input.publicKey, 'publicKey'), profile: input.profile };
  return change(deps.db, (tx, revision) => issueCertificate(tx, revision, wanted, new Date(deps.clock.now())));
}

/** Gives the actor's certificate another key (VPN-4). Throws `key-invalid` and what `rotateCertificate` throws. */
export async function rotateOwn(deps: Deps, { userId }: Actor, input: RotateInput): Promise<Changed<Certificate>> {
  const publicKey = parseKey(input.publicKey, 'publicKey');
  return change(deps.db, (tx, revision) =>
    rotateCertificate(tx, revision, userId, publicKey, new Date(deps.clock.now())),
  );
}

/** Ends the actor's certificate (VPN-4). Throws `certificate-missing`. */
export async function revokeOwn(deps: Deps, { userId }: Actor): Promise<Changed<void>> {
  return change(deps.db, (tx, revision) => revokeCertificate(tx, revision, userId, new Date(deps.clock.now())));
}
