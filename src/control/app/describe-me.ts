/** What `/me` says of an account and of how it is used now. */
import { isLeading } from '../../access/roles.ts';
import type { OrganizationRole } from '../../store/schema.ts';
import { readPreferences } from '../../store/users.ts';
import { type MeJson, type PreferencesJson, preferencesSchema } from '../../wire/rest/sessions.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';

const DEFAULTS: PreferencesJson = { language: null, theme: 'system', timeZone: null, density: 'comfortable' };

/** What the user chose, and the defaults for the rest. */
export async function preferencesOf({ db }: Deps, userId: string): Promise<PreferencesJson> {
  const stored = preferencesSchema.partial().safeParse(await readPreferences(db, userId)).data ?? {};
  return preferencesSchema.parse({ ...DEFAULTS, ...stored });
}

/** Whether a second factor is in force, or should be: for whoever leads others, and whoever lost one. */
export function secondFactorOf(
  { platformAdministrator, via }: Actor,
  memberships: readonly { readonly role: OrganizationRole }[],
  isOn: boolean,
): MeJson['secondFactor'] {
  if (isOn) return 'on';
  const isLost = via.kind === 'session' && via.secondFactor === 'recovery';
  const leads = platformAdministrator || memberships.some(({ role }) => isLeading(role));
  return isLost || leads ? 'setup-recommended' : 'off';
}

/** How a request proved who it is. */
export function viaOf({ via }: Actor): MeJson['via'] {
  const isSession = via.kind === 'session';
  return {
    kind: via.kind,
    id: via.id,
    browser: isSession && via.cookie,
    secondFactor: isSession ? via.secondFactor : 'none',
    idleUntil: isSession ? via.idleUntil.toISOString() : null,
    expiresAt: via.expiresAt?.toISOString() ?? null,
  };
}
