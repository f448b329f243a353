/** What is written to people about their accounts. Links carry their token behind `#`, which no server or proxy gets to see. */
import { findUser } from '../../store/users.ts';
import type { Deps } from '../deps.ts';

/** Sends an invitation. Returns whether the mail server took it; else the inviter hands the link over. */
export async function mailInvitation(deps: Deps, to: string, organization: string, token: string): Promise<boolean> {
  const text = [
    `You are invited to Parkway by ${organization}: secure access to the networks of plants.`,
    `Choose a password within seven days:\n${deps.publicUrl}/invitation#${token}`,
    'If you do not expect this, do nothing.',
  ];
  return send(deps, to, `Your invitation to ${organization} on Parkway`, text);
}

/** Sends a link to a new password. */
export async function mailReset(deps: Deps, to: string, token: string): Promise<boolean> {
  const text = [
    `Somebody, you we hope, wants a new password for this address. Choose it within an hour:\n${deps.publicUrl}/reset#${token}`,
    'If it was not you, do nothing: your password stays as it is.',
  ];
  return send(deps, to, 'A new password for Parkway', text);
}

/** Tells somebody what happened to an account of theirs, where mail is configured. Nobody waits for it. */
export function notify(deps: Deps, userId: string, subject: string, sentence: string): void {
  if (deps.mail === undefined) return;
  void tell(deps, userId, subject, sentence);
}

async function tell(deps: Deps, userId: string, subject: string, sentence: string): Promise<void> {
  try {
    const user = await findUser(deps.db, userId);
    const advice = `If this was not meant, sign in at ${deps.publicUrl} and change your password, or tell your Administrator.`;
    if (user !== undefined) await send(deps, user.email, subject, [sentence, advice]);
  } catch (error) {
    deps.log.warn({ err: error }, 'nobody was told by mail');
  }
}

async function send({ mail, log }: Deps, to: string, subject: string, text: readonly string[]): Promise<boolean> {
  if (mail === undefined) return false;
  try {
    await mail({ to, subject: subject.replaceAll(/\s+/g, ' '), text: `${text.join('\n\n')}\n` });
    return true;
  } catch (error) {
    // Without the message: what is thrown may quote a link.
    log.warn({ reason: error instanceof Error ? error.name : 'unknown' }, 'the mail server did not take a mail');
    return false;
  }
}
