import { type Schemas, api, bodyOf } from '../../api/client.ts';
import { newKey } from './key.ts';
import { profileText } from './profile.ts';

export type Certificate = Schemas['Certificate'];

/** What is shown once: the profile with its private key. It stands in a page's state until the dialog is closed. */
export interface Issued {
  readonly text: string;
  readonly certificate: Certificate;
}

async function withNewKey(call: (publicKey: string) => Promise<Certificate>): Promise<Issued> {
  const key = await newKey();
  try {
    const certificate = await call(key.publicKey);
    return { text: profileText(key, certificate), certificate };
  } finally {
    key.wipe();
  }
}

/** Issues the certificate for a key made here (VPN-2); `alias` carries only aliases (VPN-18). */
export function issue(profile: Certificate['profile']): Promise<Issued> {
  return withNewKey((publicKey) => bodyOf(api.POST('/api/v1/certificate', { body: { publicKey, profile } })));
}

/** Gives the certificate another key made here (VPN-4). */
export function rotate(): Promise<Issued> {
  return withNewKey((publicKey) => bodyOf(api.POST('/api/v1/certificate/rotate', { body: { publicKey } })));
}
