/** A real sign-in provider (npm's `oidc-provider`) on loopback, and a browser that walks through it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

/** Who sits at the browser, as the provider knows them. */
export interface ProviderAccount {
  readonly subject: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
  readonly amr?: readonly string[];
}

export interface TestProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Goes where control sent the browser, signs in, and returns where the provider sends it back to. */
  signIn(start: string, account: ProviderAccount): Promise<URL>;
  /** Goes there and does not sign in. */
  refuse(start: string): Promise<URL>;
}

/** Starts a provider for a client that comes back to `redirectUri`. */
export async function testProvider(redirectUri: string): Promise<TestProvider> {
  const accounts = new Map<string, ProviderAccount>();
  let current: ProviderAccount | undefined;
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return handle(request, response);
    const { subject, amr } = current ?? {};
    const login = { accountId: subject, ...(amr === undefined ? {} : { amr }) };
    const result = current === undefined ? { error: 'access_denied', error_description: 'no' } : { login };
    provider.interactionFinished(request, response, result).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const issuer = `http://127.0.0.1:${address.port}`;
  const [clientId, clientSecret] = ['parkway', 'a client secret of the test'];
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub', 'amr'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    cookies: { keys: ['test'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => {
        const { email, emailVerified } = accounts.get(accountId) ?? {};
        return { sub: accountId, email, email_verified: emailVerified };
      },
    }),
    loadExistingGrant: async ({ oidc }: { oidc: GrantContext }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  const handle = provider.callback();

  const walk = async (start: string, account: ProviderAccount | undefined): Promise<URL> => {
    current = account;
    if (account !== undefined) accounts.set(account.subject, account);
    const jar = new Map<string, string>();
    let url = new URL(start);
    for (let step = 0; url.origin === issuer && step < 10; step++) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        jar.set(name, value);
      }
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`the provider answers ${answer.status}: ${await answer.text()}`);
      url = new URL(location, url);
    }
    return url;
  };

  return {
    issuer,
    clientId,
    clientSecret,
    signIn: walk,
    refuse: (start) => walk(start, undefined),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface GrantContext {
  readonly client: { readonly clientId: string };
  readonly session: { readonly accountId: string };
  readonly provider: {
    readonly Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<void> };
  };
}
