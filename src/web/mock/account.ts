import { meOf } from './people.ts';
import { type AnswerOf, type Handlers, MockProblem } from './types.ts';

type Session = AnswerOf<'listSessions'>['items'][number];

const SESSIONS: readonly Session[] = [
  session(1, true, { client: 'Firefox', system: 'Windows' }, '198.51.100.73', { city: 'Leipzig', country: 'Germany' }),
  session(2, false, { client: 'Safari', system: 'iOS' }, '192.0.2.118', { city: 'Prenzlau', country: 'Germany' }),
  session(3, false, { client: 'parkway', system: 'Linux' }, '203.0.113.9', null),
];

function session(
  no: number,
  current: boolean,
  device: Session['device'],
  source: string,
  place: Session['place'],
): Session {
  return {
    id: `00000000-0000-4000-8000-0000000005${String(no).padStart(2, '0')}`,
    current,
    browser: device.client !== 'parkway',
    device,
    source,
    place,
    createdAt: '2026-11-20T07:12:00.000Z',
    lastUsedAt: '2026-11-28T20:41:00.000Z',
    expiresAt: '2026-12-20T07:12:00.000Z',
  };
}

export const accountHandlers: Handlers = {
  getMe: (call) => {
    if (call.as === 'nobody') throw new MockProblem(401, 'not-signed-in', 'Sign in.');
    return meOf(call);
  },
  getSignInMethods: () => ({ password: true, oidc: { name: 'Voltcare' } }),
  signIn: ({ body }) => {
    if (isWrong(body)) throw new MockProblem(401, 'credentials-wrong', 'Address or password is wrong.');
    return { challenge: 'pwc_mock', expiresAt: '2026-11-29T21:00:00.000Z' };
  },
  passChallenge: (call) => ({ expiresAt: '2026-12-29T21:00:00.000Z', user: meOf(call).user }),
  listSessions: () => ({ items: [...SESSIONS], next: null }),
  startSecondFactor: () => ({
    secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    uri: 'otpauth://totp/Parkway:lena?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Parkway',
    expiresAt: '2026-11-29T21:10:00.000Z',
  }),
  confirmSecondFactor: () => ({ recoveryCode: 'H7QK-9M2X-4TRW-8YBN' }),
};

function isWrong(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'password' in body && body.password === 'wrong';
}
