import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthorizationResponseError } from 'openid-client';
import { z } from 'zod';
import { Problem } from '../../wire/problem.ts';
import { idParams, nothing } from '../../wire/rest/common.ts';
import {
  identitySchema,
  linkStartSchema,
  returnInput,
  returnQuery,
  signInMethodsSchema,
} from '../../wire/rest/oidc.ts';
import { demandSession, showIdentities, unlinkIdentity } from '../app/manage-identities.ts';
import { linkToProfile, signInByProvider } from '../app/sign-in-by-provider.ts';
import type { Deps } from '../deps.ts';
import type { Identified, Oidc } from '../oidc.ts';
import { notFound } from '../refuse.ts';
import type { App } from './app.ts';
import { type Flow, keepFlow, takeFlow } from './oidc-flow.ts';
import { handOver } from './session-cookie.ts';
import { clientOf } from './sessions.ts';

const tags = ['Sign-in provider'];

/** Signing in with the company's provider, and which identities an account has. Browsers walk these; errors are told by `/sign-in`. */
export function oidcRoutes(app: App, deps: Deps): void {
  app.get(
    '/sign-in-methods',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getSignInMethods',
        summary: 'What one can sign in with here',
        tags,
        response: { 200: signInMethodsSchema },
      },
    },
    () => ({ password: true, oidc: deps.oidc === undefined ? null : { name: deps.oidc.name } }),
  );
  app.get(
    '/oidc/start',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'startOidc',
        summary: 'Go to the sign-in provider; a browser is sent there',
        tags,
        querystring: returnQuery,
        response: { 303: nothing },
      },
    },
    async (request, reply) => {
      const begun = await begin(deps, request).catch(() => undefined);
      if (begun === undefined) return toSignIn(reply, 'provider-unavailable');
      keepFlow(deps, reply, { secrets: begun.secrets, return: request.query.return });
      return reply.redirect(begun.url, 303);
    },
  );
  app.get(
    '/oidc/callback',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'finishOidc',
        summary: 'Where the provider sends the browser back to; it is sent into the app, or to /sign-in?error=…',
        tags,
        response: { 303: nothing },
      },
    },
    async (request, reply) => {
      const flow = takeFlow(deps, request, reply);
      if (flow === undefined || deps.oidc === undefined) return toSignIn(reply, 'provider-expired');
      const person = await identified(deps.oidc, request, flow);
      if (typeof person === 'string') return flow.linking ? backTo(reply, flow, person) : toSignIn(reply, person);
      return flow.linking === undefined
        ? enter(deps, deps.oidc, person, flow, request, reply)
        : backTo(reply, flow, (await linkToProfile(deps, deps.oidc, person, flow.linking)) ? undefined : 'not-linked');
    },
  );
  app.get(
    '/me/identities',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listIdentities',
        summary: 'Who you are at the sign-in provider',
        tags,
        response: { 200: z.object({ items: z.array(identitySchema) }) },
      },
    },
    ({ actor }) => showIdentities(deps, actor),
  );
  app.post(
    '/me/identities',
    {
      config: { access: 'manage', showsSecret: true },
      schema: {
        operationId: 'startIdentityLink',
        summary: 'Begin to link who you are at the sign-in provider; go to the address of the answer',
        tags,
        body: returnInput,
        response: { 201: linkStartSchema },
      },
    },
    async (request, reply) => {
      const sessionId = demandSession(request.actor);
      const begun = await begin(deps, request).catch((cause: unknown) => {
        if (cause instanceof Problem) throw cause;
        throw new Problem('unavailable', 'The sign-in provider does not answer now. Try again shortly.', 10);
      });
      const linking = { userId: request.actor.userId, sessionId };
      keepFlow(deps, reply, { secrets: begun.secrets, return: request.body.return, linking });
      return reply.code(201).send({ url: begun.url });
    },
  );
  app.delete(
    '/me/identities/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'unlinkIdentity',
        summary: 'Sign in with this identity no longer',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      await unlinkIdentity(deps, actor, params.id);
      return reply.code(204).send(null);
    },
  );
}

/** Why a sign-in by provider did not succeed, as the app's `/sign-in` page is told; docs/errors.md lists them. */
type Failure = 'provider-unavailable' | 'provider-expired' | 'provider-denied' | 'provider-failed' | 'no-account';

async function begin({ oidc }: Deps, request: FastifyRequest) {
  if (oidc === undefined) throw notFound('sign-in provider');
  try {
    return await oidc.begin();
  } catch (error) {
    request.log.warn({ reason: reasonOf(error) }, 'the sign-in provider does not answer');
    throw error;
  }
}

async function identified(oidc: Oidc, request: FastifyRequest, { secrets }: Flow): Promise<Identified | Failure> {
  try {
    return await oidc.finish(request.url.split('?')[1] ?? '', secrets);
  } catch (error) {
    request.log.warn({ reason: reasonOf(error) }, 'the sign-in provider’s answer is refused');
    if (error instanceof AuthorizationResponseError && error.error === 'access_denied') return 'provider-denied';
    return 'provider-failed';
  }
}

/** Its kind and sentence: the error itself may hold what was sent. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? `${error.code}: ${error.message}` : error.message;
}

async function enter(
  deps: Deps,
  oidc: Oidc,
  person: Identified,
  flow: Flow,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const admitted = await signInByProvider(deps, oidc, person, clientOf(request));
  if (admitted === undefined) return toSignIn(reply, 'no-account');
  if ('challenge' in admitted) {
    // In the fragment, which no server and no log sees.
    const query = new URLSearchParams({ return: flow.return }).toString();
    return reply.redirect(`/sign-in?${query}#challenge=${admitted.challenge}`, 303);
  }
  handOver(reply, admitted);
  return reply.redirect(flow.return, 303);
}

function toSignIn(reply: FastifyReply, failure: Failure): FastifyReply {
  return reply.redirect(`/sign-in?error=${failure}`, 303);
}

/** Back to the profile that is linked, which shows the identity, or says why not. */
function backTo(reply: FastifyReply, flow: Flow, failure: Failure | 'not-linked' | undefined): FastifyReply {
  if (failure === undefined) return reply.redirect(flow.return, 303);
  const url = new URL(flow.return, 'https://own.invalid');
  url.searchParams.set('error', failure);
  return reply.redirect(`${url.pathname}${url.search}${url.hash}`, 303);
}
