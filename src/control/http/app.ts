/**
 * `http` is the API's edge: each resource file parses a request by its schema of `wire/rest`, calls one use case of
 * `app` and answers. Errors, authentication, idempotency and the OpenAPI document are here once for all of them.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import cookie from '@fastify/cookie';
import fastify, {
  type FastifyBaseLogger,
  type FastifyContextConfig,
  type FastifyInstance,
  type HTTPMethods,
} from 'fastify';
import { type ZodTypeProvider, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Scope } from '../../wire/rest/tokens.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { accessRoutes } from './access.ts';
import { agentRoutes } from './agents.ts';
import { assignmentRoutes } from './assignments.ts';
import { cooperationRoutes } from './cooperations.ts';
import { deviceRoutes } from './devices.ts';
import { grantRoutes } from './grants.ts';
import { invitationRoutes } from './invitations.ts';
import { memberRoutes } from './members.ts';
import { organizationRoutes } from './organizations.ts';
import { passwordRoutes } from './passwords.ts';
import { plantRoutes } from './plants.ts';
import { portfolioRoutes } from './portfolios.ts';
import { shareRoutes } from './shares.ts';
import { subnetRoutes } from './subnets.ts';
import { authenticate } from './authenticate.ts';
import { certificateRoutes } from './certificate.ts';
import { enrollRoutes } from './enroll.ts';
import { answerError, answerUnknown } from './errors.ts';
import { type Streams, createStreams } from './event-streams.ts';
import { eventRoutes } from './events.ts';
import { findRoutes } from './find.ts';
import { gatewayRoutes } from './gateways.ts';
import { setHeaders } from './headers.ts';
import { healthRoutes } from './health.ts';
import { keepIdempotent } from './idempotency.ts';
import { meRoutes } from './me.ts';
import { oidcRoutes } from './oidc.ts';
import { describeApi, describeRoute } from './openapi.ts';
import { platformRoutes } from './platform.ts';
import { previewRoutes } from './previews.ts';
import { revisionRoutes } from './revisions.ts';
import { routeRoutes } from './routes.ts';
import { secondFactorRoutes } from './second-factor.ts';
import { sessionRoutes } from './sessions.ts';
import { tokenRoutes } from './tokens.ts';
import { serveWeb } from './web.ts';

/** A Fastify instance that types requests and answers by their zod schemas. */
export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route with who may call it; tests walk it. */
    readonly routeTable: RouteEntry[];
    /** Who listens to events here. `tasks/events.ts` tells them. */
    readonly streams: Streams;
  }
  interface FastifyRequest {
    /** Who asks. Set on every route that is not public. */
    actor: Actor;
  }
  interface FastifyContextConfig {
    /**
     * Who may call: `public` nobody asks, `anyone` who is signed in with whatever token, else the scope that an API
     * token needs; `platform` asks for a platform administrator too. Every route says it.
     */
    access: 'public' | 'anyone' | Scope;
    /** The answer holds a secret that is shown once, so it is not kept for `Idempotency-Key`. */
    showsSecret?: true;
  }
}

/** A line of the route table. */
export interface RouteEntry {
  readonly method: HTTPMethods;
  readonly url: string;
  readonly access: FastifyContextConfig['access'];
}

/** The largest request body, in bytes. */
const BODY_LIMIT = 256 * 1024;

/** How the server listens; without a certificate it speaks plain HTTP. */
export interface Transport {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The folder of the built web app; without it the API is served alone. */
  readonly webDirectory?: string;
}

/** Builds the API without listening. Tests call `inject()` on it. */
export async function buildApp(deps: Deps, transport: Transport = {}): Promise<App> {
  const options = {
    loggerInstance: deps.log,
    bodyLimit: BODY_LIMIT,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 200 },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle' as const,
  };
  // The two kinds of server differ in nothing that a route can see.
  const bare = transport.tls === undefined ? fastify(options) : fastify({ ...options, https: transport.tls });
  const app = (bare as FastifyInstance).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  takeEmptyBodies(app);
  app.setErrorHandler(answerError);
  const routeTable: RouteEntry[] = [];
  app.decorate('routeTable', routeTable);
  const streams = createStreams();
  app.decorate('streams', streams);
  // Before the server waits for what is under way: a stream would be so for ever.
  app.addHook('preClose', (done) => {
    streams.close();
    done();
  });
  app.addHook('onRoute', (route) => {
    routeTable.push(...describeRoute(route));
  });
  await app.register(cookie);
  // Before anything can refuse: a refusal carries them too.
  await setHeaders(app, deps.publicUrl);
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
    await authenticate(deps, request);
  });
  keepIdempotent(app, deps);
  if (transport.webDirectory !== undefined) await serveWeb(app, transport.webDirectory);
  else app.setNotFoundHandler(answerUnknown);
  await describeApi(app, deps);
  healthRoutes(app, deps);
  await app.register(
    (api: App, _options, done) => {
      for (const routes of RESOURCES) routes(api, deps);
      done();
    },
    { prefix: '/api/v1' },
  );
  return app;
}

/** JSON as Fastify reads it, but that a body which is not there is none: many clients name a content type with every POST. */
function takeEmptyBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, body.toString(), done);
  });
}

const RESOURCES: readonly ((app: App, deps: Deps) => void)[] = [
  sessionRoutes,
  secondFactorRoutes,
  oidcRoutes,
  passwordRoutes,
  meRoutes,
  tokenRoutes,
  certificateRoutes,
  routeRoutes,
  agentRoutes,
  enrollRoutes,
  revisionRoutes,
  platformRoutes,
  gatewayRoutes,
  organizationRoutes,
  memberRoutes,
  invitationRoutes,
  portfolioRoutes,
  plantRoutes,
  subnetRoutes,
  deviceRoutes,
  grantRoutes,
  cooperationRoutes,
  shareRoutes,
  assignmentRoutes,
  accessRoutes,
  eventRoutes,
  previewRoutes,
  findRoutes,
];
