import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Cidr, formatCidr, overlaps, parseCidr } from '../net/cidr.ts';
import type { MailConfig } from './mail.ts';
import { DEFAULT_POOLS, PRIVATE_RANGES, type Pools } from '../net/pools.ts';

/** What control is told by whoever starts it. */
export interface Config {
  readonly listen: { readonly host: string; readonly port: number };
  /** Where the master key and the embedded database live. */
  readonly stateDirectory: string;
  /** Undefined: control starts a Postgres of its own. */
  readonly databaseUrl: string | undefined;
  /** Files of the certificate chain and its key; undefined: plain HTTP. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  readonly publicUrl: string;
  /** Where agents are told to reach it. */
  readonly daemonsUrl: string;
  /** The folder of the built web app. */
  readonly webDirectory: string;
  readonly pools: Pools;
  /** The company's sign-in provider; undefined: passwords alone. */
  readonly oidc: OidcConfig | undefined;
  /** A file `{email, name, password}` of the first platform administrator, read when there is no user. */
  readonly bootstrapFile: string | undefined;
  /** How mail leaves; undefined: links are shown to who makes them. */
  readonly mail: MailConfig | undefined;
  /** An MMDB file that says where addresses are. */
  readonly geoDatabase: string | undefined;
  readonly logLevel: string;
}

/** A sign-in provider that speaks OpenID Connect. */
export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecretFile: string;
  /** What the button says. */
  readonly name: string;
  /** Domains of addresses that count, in small letters; none: all. */
  readonly domains: readonly string[];
  /** Whether people's own second factor is asked for after the provider: not when it says that it asked for one, always, or never. */
  readonly secondFactor: 'unless-mfa' | 'always' | 'never';
}

/** Where `make build` puts the web app. */
const BUILT_WEB = fileURLToPath(new URL('../../dist/web', import.meta.url));

const pool = (fallback: Cidr) =>
  z
    .string()
    .default(formatCidr(fallback))
    .transform((text, context): Cidr => {
      const parsed = parseCidr(text);
      if (typeof parsed !== 'string') return parsed;
      context.issues.push({ code: 'custom', message: `is not an IPv4 prefix (${parsed}): ${text}`, input: text });
      return z.NEVER;
    });

const listen = z
  .string()
  .default('127.0.0.1:8080')
  .transform((text, context) => {
    const [, host = '', port = ''] = /^(?:\[?([^\]]*?)\]?):(\d{1,5})$/.exec(text) ?? [];
    if (isIP(host) > 0 && Number(port) <= 65_535) return { host, port: Number(port) };
    context.issues.push({ code: 'custom', message: 'must be address:port, such as 127.0.0.1:8080', input: text });
    return z.NEVER;
  });

const environment = z
  .object({
    PARKWAY_LISTEN: listen,
    PARKWAY_STATE_DIR: z.string({ error: 'must name a folder that control may write to' }).startsWith('/'),
    // Not z.url(): libpq's postgres://user@/database?host=/run/postgresql is none.
    DATABASE_URL: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
      .optional(),
    PARKWAY_TLS_CERT: z.string().min(1).optional(),
    PARKWAY_TLS_KEY: z.string().min(1).optional(),
    PARKWAY_INSECURE_HTTP: z.literal('1').optional(),
    PARKWAY_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
    PARKWAY_DAEMONS_URL: z.url({ protocol: /^https?$/ }).optional(),
    PARKWAY_WEB_DIR: z.string().startsWith('/', 'must be an absolute path').default(BUILT_WEB),
    PARKWAY_OIDC_ISSUER: z
      .url()
      .refine(isSafeIssuer, 'must begin with https:// (http:// for a provider on this machine only)')
      .optional(),
    PARKWAY_OIDC_CLIENT_ID: z.string().min(1).optional(),
    PARKWAY_OIDC_CLIENT_SECRET_FILE: z.string().min(1).optional(),
    PARKWAY_OIDC_NAME: z.string().min(1).max(40).default('your company'),
    PARKWAY_OIDC_DOMAINS: z
      .string()
      .default('')
      .transform((text) =>
        text
          .toLowerCase()
          .split(/[\s,]+/)
          .filter((domain) => domain !== ''),
      ),
    PARKWAY_OIDC_SECOND_FACTOR: z.enum(['unless-mfa', 'always', 'never']).default('unless-mfa'),
    PARKWAY_POOL_USERS: pool(DEFAULT_POOLS.users),
    PARKWAY_POOL_INFRASTRUCTURE: pool(DEFAULT_POOLS.infrastructure),
    PARKWAY_POOL_ALIAS: pool(DEFAULT_POOLS.alias),
    PARKWAY_POOL_HIDDEN: pool(DEFAULT_POOLS.hidden),
    PARKWAY_BOOTSTRAP_FILE: z.string().min(1).optional(),
    PARKWAY_SMTP_URL: z
      .string()
      .regex(/^smtps?:\/\//, 'must begin with smtp:// or smtps://')
      .optional(),
    PARKWAY_SMTP_URL_FILE: z.string().min(1).optional(),
    PARKWAY_MAIL_FROM: z.string().includes('@').optional(),
    PARKWAY_GEO_DATABASE: z.string().min(1).optional(),
    PARKWAY_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  })
  .refine((env) => (env.PARKWAY_TLS_CERT === undefined) === (env.PARKWAY_TLS_KEY === undefined), {
    message: 'PARKWAY_TLS_CERT and PARKWAY_TLS_KEY go together: set both or neither',
  })
  .refine(
    (env) =>
      new Set(
        [env.PARKWAY_OIDC_ISSUER, env.PARKWAY_OIDC_CLIENT_ID, env.PARKWAY_OIDC_CLIENT_SECRET_FILE].map(
          (one) => one === undefined,
        ),
      ).size === 1,
    { message: 'PARKWAY_OIDC_ISSUER, PARKWAY_OIDC_CLIENT_ID and PARKWAY_OIDC_CLIENT_SECRET_FILE go together' },
  )
  .refine(
    (env) => (env.PARKWAY_SMTP_URL ?? env.PARKWAY_SMTP_URL_FILE) === undefined || env.PARKWAY_MAIL_FROM !== undefined,
    { message: 'PARKWAY_MAIL_FROM must say whom mail is from' },
  )
  .refine((env) => mayListen(env), {
    message:
      'control speaks plain HTTP on loopback only. Set PARKWAY_TLS_CERT and PARKWAY_TLS_KEY, or PARKWAY_INSECURE_HTTP=1 when something in front of it speaks HTTPS',
  });

/**
 * Reads the environment. Throws an Error with a sentence per variable that is wrong, without their values: a
 * DATABASE_URL holds a password.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const sentences = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim());
    throw new Error(`control does not start: ${sentences.join('; ')}.`);
  }
  const { data } = parsed;
  const pools: Pools = {
    users: data.PARKWAY_POOL_USERS,
    infrastructure: data.PARKWAY_POOL_INFRASTRUCTURE,
    alias: data.PARKWAY_POOL_ALIAS,
    hidden: data.PARKWAY_POOL_HIDDEN,
  };
  refuseClash(pools);
  const publicUrl = (data.PARKWAY_PUBLIC_URL ?? ownUrl(data)).replace(/\/+$/, '');
  return {
    listen: data.PARKWAY_LISTEN,
    stateDirectory: data.PARKWAY_STATE_DIR,
    databaseUrl: data.DATABASE_URL,
    tls:
      data.PARKWAY_TLS_CERT === undefined || data.PARKWAY_TLS_KEY === undefined
        ? undefined
        : { certificateFile: data.PARKWAY_TLS_CERT, keyFile: data.PARKWAY_TLS_KEY },
    publicUrl,
    daemonsUrl: data.PARKWAY_DAEMONS_URL?.replace(/\/+$/, '') ?? publicUrl,
    webDirectory: data.PARKWAY_WEB_DIR,
    pools,
    oidc: oidcOf(data),
    bootstrapFile: data.PARKWAY_BOOTSTRAP_FILE,
    mail: mailOf(data),
    geoDatabase: data.PARKWAY_GEO_DATABASE,
    logLevel: data.PARKWAY_LOG_LEVEL,
  };
}

function isSafeIssuer(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname));
}

function oidcOf(data: z.output<typeof environment>): OidcConfig | undefined {
  const { PARKWAY_OIDC_ISSUER: issuer, PARKWAY_OIDC_CLIENT_ID: clientId } = data;
  const clientSecretFile = data.PARKWAY_OIDC_CLIENT_SECRET_FILE;
  if (issuer === undefined || clientId === undefined || clientSecretFile === undefined) return undefined;
  const name = data.PARKWAY_OIDC_NAME;
  return {
    issuer,
    clientId,
    clientSecretFile,
    name,
    domains: data.PARKWAY_OIDC_DOMAINS,
    secondFactor: data.PARKWAY_OIDC_SECOND_FACTOR,
  };
}

function mailOf(env: {
  readonly PARKWAY_SMTP_URL?: string | undefined;
  readonly PARKWAY_SMTP_URL_FILE?: string | undefined;
  readonly PARKWAY_MAIL_FROM?: string | undefined;
}): MailConfig | undefined {
  const { PARKWAY_SMTP_URL: url, PARKWAY_SMTP_URL_FILE: urlFile, PARKWAY_MAIL_FROM: from } = env;
  if (from === undefined || (url ?? urlFile) === undefined) return undefined;
  return { url, urlFile, from };
}

interface Listening {
  readonly PARKWAY_LISTEN: { readonly host: string; readonly port: number };
  readonly PARKWAY_TLS_CERT?: string | undefined;
  readonly PARKWAY_INSECURE_HTTP?: '1' | undefined;
}

function mayListen(env: Listening): boolean {
  const { host } = env.PARKWAY_LISTEN;
  const isLoopback = host === '::1' || host.startsWith('127.');
  return isLoopback || env.PARKWAY_TLS_CERT !== undefined || env.PARKWAY_INSECURE_HTTP === '1';
}

function ownUrl({ PARKWAY_LISTEN: { host, port }, PARKWAY_TLS_CERT }: Listening): string {
  return `${PARKWAY_TLS_CERT === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function refuseClash(pools: Pools): void {
  const named: [string, Cidr][] = [
    ...Object.entries(pools),
    ...PRIVATE_RANGES.map((range): [string, Cidr] => ['private range', range]),
  ];
  for (const [index, [name, range]] of named.entries()) {
    const clash = named.slice(index + 1).find(([, other]) => overlaps(range, other) && name !== 'private range');
    if (clash === undefined) continue;
    const [otherName, other] = clash;
    throw new Error(
      `control does not start: the pool "${name}" (${formatCidr(range)}) overlaps the ${otherName} ${formatCidr(other)}. Move one of them.`,
    );
  }
}
