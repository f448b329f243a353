/**
 * The session of a browser: a cookie that scripts cannot read and other sites cannot send, and the checks that whatever
 * is asked with it comes from Parkway's own pages (CSRF).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../wire/problem.ts';
import type { OpenedSessionJson } from '../../wire/rest/sessions.ts';
import type { OpenedSession } from '../app/open-session.ts';
import type { Deps } from '../deps.ts';

/** `__Host-`: only over HTTPS, only from this very host, and no sub-domain can set it. */
export const SESSION_COOKIE = '__Host-parkway';

/** Says which browser it is, so that guessers elsewhere do not lock its owner out. Lets nobody in. */
const DEVICE_COOKIE = '__Host-parkway-device';
const DEVICE_SECONDS = 90 * 24 * 3600;

/** What a browser adds to every request that it means; a form of another site cannot. */
export const OWN_HEADER = 'x-parkway';

const FIXED = { path: '/', secure: true, httpOnly: true, sameSite: 'strict' } as const;

const SAFE: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** Answers a session that was opened: with its token, or for a browser with the token as a cookie and not in the body. */
export function handOver(
  reply: FastifyReply,
  { token, expiresAt, user, cookie, device }: OpenedSession,
): OpenedSessionJson {
  // Proxies and the browser keep no answer that opens a session.
  void reply.header('cache-control', 'no-store');
  if (!cookie) return { token, expiresAt, user };
  void reply.setCookie(SESSION_COOKIE, token, { ...FIXED, expires: new Date(expiresAt) });
  if (device !== undefined) void reply.setCookie(DEVICE_COOKIE, device, { ...FIXED, maxAge: DEVICE_SECONDS });
  return { expiresAt, user };
}

/** Takes the session's cookie back. */
export function takeBack(reply: FastifyReply): void {
  void reply.clearCookie(SESSION_COOKIE, FIXED);
}

/** The secret in the session's cookie. */
export function secretInCookie(request: FastifyRequest): string | undefined {
  return wordIn(request, SESSION_COOKIE);
}

/** What the browser kept of an earlier sign-in. */
export function deviceOf(request: FastifyRequest): string | undefined {
  return wordIn(request, DEVICE_COOKIE);
}

function wordIn(request: FastifyRequest, name: string): string | undefined {
  const secret = request.cookies[name];
  return secret !== undefined && /^\S{1,200}$/.test(secret) ? secret : undefined;
}

/**
 * Refuses with `cross-site-refused` a request that would change something and does not come from Parkway's own pages. The browser
 * says so (`Sec-Fetch-Site`); one that does not say it names the origin. The header makes a browser ask this server first,
 * which allows it to no other origin.
 */
export function demandOwnPages(deps: Pick<Deps, 'publicUrl'>, request: FastifyRequest): void {
  if (SAFE.includes(request.method)) return;
  if (request.headers[OWN_HEADER] !== '1') throw refused('Send the header "X-Parkway: 1" with it.');
  const site = request.headers['sec-fetch-site'];
  const isOwn = site === undefined ? isOwnOrigin(deps, request) : site === 'same-origin' || site === 'none';
  if (!isOwn) throw refused('Open Parkway itself and try there. Programs send "Authorization: Bearer <token>".');
}

function isOwnOrigin({ publicUrl }: Pick<Deps, 'publicUrl'>, { headers, host }: FastifyRequest): boolean {
  const origin = headers.origin === undefined ? null : URL.parse(headers.origin);
  if (origin === null) return false;
  return origin.origin === URL.parse(publicUrl)?.origin || (origin.host !== '' && origin.host === host);
}

function refused(advice: string): Problem {
  return new Problem('cross-site-refused', `A browser's session is used by Parkway's own pages only. ${advice}`);
}
