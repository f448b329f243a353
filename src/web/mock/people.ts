/** The people and organizations that the mock's data are about; the same as in the design's pictures. */
import type { AnswerOf, MockCall } from './types.ts';

export const ORGANIZATIONS = {
  sunfield: { id: '00000000-0000-4000-8000-0000000000a1', name: 'Sunfield Energy' },
  voltcare: { id: '00000000-0000-4000-8000-0000000000a2', name: 'Voltcare Service' },
  nordwind: { id: '00000000-0000-4000-8000-0000000000a3', name: 'Nordwind Parks' },
} as const;

export const PEOPLE = {
  lena: { id: '00000000-0000-4000-8000-000000000001', name: 'Lena Hoffmann', email: 'lena.hoffmann@voltcare.test' },
  marta: { id: '00000000-0000-4000-8000-000000000002', name: 'Marta Ruiz', email: 'marta.ruiz@sunfield.test' },
  tomasz: { id: '00000000-0000-4000-8000-000000000003', name: 'Tomasz Nowak', email: 'tomasz@platform.test' },
  dirk: { id: '00000000-0000-4000-8000-000000000004', name: 'Dirk Lange', email: 'dirk.lange@voltcare.test' },
  jonas: { id: '00000000-0000-4000-8000-000000000005', name: 'Jonas Weber', email: 'jonas.weber@sunfield.test' },
  ines: { id: '00000000-0000-4000-8000-000000000006', name: 'Inês Carvalho', email: 'ines.carvalho@sunfield.test' },
} as const;

/** Who is signed in, by `?as=`. */
export function meOf({ as }: MockCall): AnswerOf<'getMe'> {
  const base = {
    scopes: null,
    platformAdministrator: false,
    hasPassword: true,
    secondFactor: as === 'new' ? 'setup-recommended' : 'on',
    via: {
      kind: 'session',
      id: '00000000-0000-4000-8000-0000000000f1',
      browser: true,
      secondFactor: 'code',
      idleUntil: '2026-11-29T21:00:00.000Z',
      expiresAt: '2026-12-05T09:00:00.000Z',
    },
    preferences: { language: null, theme: 'system', timeZone: null, density: 'comfortable' },
  } as const;
  if (as === 'administrator')
    return { ...base, user: PEOPLE.marta, memberships: [member(ORGANIZATIONS.sunfield, 'administrator')] };
  if (as === 'platform') return { ...base, user: PEOPLE.tomasz, platformAdministrator: true, memberships: [] };
  if (as === 'viewer') return { ...base, user: PEOPLE.ines, memberships: [member(ORGANIZATIONS.sunfield, 'guest')] };
  return {
    ...base,
    user: PEOPLE.lena,
    memberships: [member(ORGANIZATIONS.voltcare, 'member'), member(ORGANIZATIONS.nordwind, 'guest')],
  };
}

function member(
  organization: { id: string; name: string },
  role: 'administrator' | 'moderator' | 'member' | 'guest',
): AnswerOf<'getMe'>['memberships'][number] {
  return { organizationId: organization.id, organizationName: organization.name, role };
}
