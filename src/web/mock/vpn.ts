import { type AnswerOf, type Handlers, type MockCall, MockProblem } from './types.ts';

type Certificate = AnswerOf<'getCertificate'>;

const SAMPLE: Certificate = {
  address: '100.64.3.17',
  publicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=',
  profile: 'full',
  issuedAt: '2026-08-03T09:12:00.000Z',
  rotatedAt: '2026-10-12T14:30:00.000Z',
  endpoint: '203.0.113.10:51820',
  serverPublicKey: 'yTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=',
  allowedIps: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.96.0.0/12'],
  keepalive: 25,
};

/** What was changed in this session: undefined for nothing yet, null for revoked. */
let own: Certificate | null | undefined;

function current({ isEmpty }: MockCall): Certificate | null {
  return own === undefined ? (isEmpty ? null : SAMPLE) : own;
}

function keyOf({ body }: MockCall): string {
  const isKey = typeof body === 'object' && body !== null && 'publicKey' in body;
  if (!isKey || typeof body.publicKey !== 'string') throw new MockProblem(400, 'invalid-request', 'A key is missing.');
  return body.publicKey;
}

export const vpnHandlers: Handlers = {
  getCertificate: (call) => {
    const found = current(call);
    if (found === null) throw new MockProblem(404, 'not-found', 'You have no certificate.');
    return found;
  },
  issueCertificate: (call) => {
    const { body } = call;
    const isAlias = typeof body === 'object' && body !== null && 'profile' in body && body.profile === 'alias';
    own = {
      ...SAMPLE,
      publicKey: keyOf(call),
      issuedAt: new Date().toISOString(),
      rotatedAt: null,
      ...(isAlias ? { profile: 'alias', allowedIps: ['100.96.0.0/12'] } : {}),
    };
    return own;
  },
  rotateCertificate: (call) => {
    own = { ...(current(call) ?? SAMPLE), publicKey: keyOf(call), rotatedAt: new Date().toISOString() };
    return own;
  },
  revokeCertificate: () => {
    own = null;
    return undefined;
  },
};
