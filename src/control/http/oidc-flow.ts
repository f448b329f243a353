import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { seal, unseal } from '../../store/sealing.ts';
import { returnPath } from '../../wire/rest/oidc.ts';
import type { Deps } from '../deps.ts';

/** What this browser began and has not come back from: sealed, in a cookie of its own, and nowhere on the server. */
const FLOW_COOKIE = '__Host-parkway-oidc';
const LIVES_MS = 10 * 60 * 1000;
const CONTEXT = 'oidc-flow';

/** `lax`: the way back begins at the provider. */
const FIXED = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const;

const flowSchema = z.object({
  secrets: z.object({ state: z.string(), nonce: z.string(), verifier: z.string() }),
  return: returnPath,
  /** Set when a profile is linked, not signed in to. */
  linking: z.object({ userId: z.uuid(), sessionId: z.uuid() }).optional(),
  until: z.number(),
});
export type Flow = z.output<typeof flowSchema>;

/** Remembers a flow in the browser that began it; one at a time. */
export function keepFlow({ masterKey, clock }: Deps, reply: FastifyReply, flow: Omit<Flow, 'until'>): void {
  const text = JSON.stringify({ ...flow, until: clock.now() + LIVES_MS });
  void reply.setCookie(FLOW_COOKIE, seal(masterKey, CONTEXT, Buffer.from(text)), { ...FIXED, maxAge: LIVES_MS / 1000 });
}

/** The flow of this browser, which is over with this; undefined when there is none, or it took too long. */
export function takeFlow({ masterKey, clock }: Deps, request: FastifyRequest, reply: FastifyReply): Flow | undefined {
  void reply.clearCookie(FLOW_COOKIE, FIXED);
  const sealed = request.cookies[FLOW_COOKIE];
  if (sealed === undefined) return undefined;
  const flow = flowSchema.safeParse(opened(masterKey, sealed)).data;
  return flow !== undefined && flow.until > clock.now() ? flow : undefined;
}

function opened(masterKey: Buffer, sealed: string): unknown {
  try {
    return JSON.parse(unseal(masterKey, CONTEXT, sealed).toString());
  } catch {
    // Changed, or of another installation: the same as none.
    return undefined;
  }
}
