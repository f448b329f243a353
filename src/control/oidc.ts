/**
 * The company's sign-in provider, by OpenID Connect: authorization code with PKCE, state and nonce. This file speaks with it;
 * `app/sign-in-by-provider.ts` decides whose identity it is.
 */
import * as client from 'openid-client';
import { z } from 'zod';
import type { OidcConfig } from './config.ts';

/** What is remembered of a sign-in while the browser is at the provider. */
export interface Secrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Whom the provider signed in. */
export interface Identified {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  /** The provider says that it asked for more than one factor (RFC 8176). */
  readonly multiFactor: boolean;
}

export interface Oidc {
  /** What the button says. */
  readonly name: string;
  readonly issuer: string;
  readonly domains: readonly string[];
  readonly secondFactor: OidcConfig['secondFactor'];
  /** Where to send the browser, and what to remember. Throws what the provider's absence throws. */
  begin(): Promise<{ readonly url: string; readonly secrets: Secrets }>;
  /** Takes what the browser came back with. Throws when anything of it does not fit. */
  finish(query: string, secrets: Secrets): Promise<Identified>;
}

/** Where the provider sends browsers back to, below the public address. */
export const CALLBACK_PATH = '/api/v1/oidc/callback';

const SCOPE = 'openid email profile';
const PATIENCE_S = 10;

const claimsSchema = z.object({
  sub: z.string().min(1).max(255),
  email: z.string().max(254).optional(),
  email_verified: z
    .union([z.boolean(), z.literal('true').transform(() => true)])
    .optional()
    .catch(undefined),
  amr: z.array(z.string()).optional().catch(undefined),
});

/**
 * The provider of a configuration. It is asked about itself when somebody first signs in, so that control starts while it is away,
 * and anew after a failure.
 *
 * @param redirectUri where it sends browsers back to; registered there
 */
export function openOidc(config: OidcConfig, clientSecret: string, redirectUri: string): Oidc {
  let known: Promise<client.Configuration> | undefined;
  const configuration = async () => {
    known ??= discover(config, clientSecret);
    try {
      return await known;
    } catch (error) {
      known = undefined;
      throw error;
    }
  };

  const begin = async () => {
    const secrets = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    };
    const url = client.buildAuthorizationUrl(await configuration(), {
      redirect_uri: redirectUri,
      scope: SCOPE,
      state: secrets.state,
      nonce: secrets.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(secrets.verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, secrets };
  };

  const finish = async (query: string, { state, nonce, verifier }: Secrets): Promise<Identified> => {
    const provider = await configuration();
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
    const tokens = await client.authorizationCodeGrant(provider, new URL(`${redirectUri}?${query}`), checks);
    const token = claimsSchema.parse(tokens.claims());
    // Many providers tell the address there only.
    const about =
      token.email === undefined && provider.serverMetadata().userinfo_endpoint !== undefined
        ? claimsSchema.parse(await client.fetchUserInfo(provider, tokens.access_token, token.sub))
        : token;
    return {
      issuer: provider.serverMetadata().issuer,
      subject: token.sub,
      email: about.email,
      emailVerified: about.email_verified === true,
      multiFactor: token.amr?.includes('mfa') === true,
    };
  };

  const { name, issuer, domains, secondFactor } = config;
  return { name, issuer, domains, secondFactor, begin, finish };
}

async function discover({ issuer, clientId }: OidcConfig, secret: string): Promise<client.Configuration> {
  const url = new URL(issuer);
  const authenticate: client.ClientAuth = (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const method = methods.includes('client_secret_basic') ? client.ClientSecretBasic : client.ClientSecretPost;
    method(secret)(server, ...rest);
  };
  // Plain HTTP is for a provider on this machine: the configuration takes no other.
  const execute = url.protocol === 'http:' ? [client.allowInsecureRequests] : [];
  return client.discovery(url, clientId, undefined, authenticate, { execute, timeout: PATIENCE_S });
}
