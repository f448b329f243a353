import { agentSchema, enrollmentTokenSchema } from '../../wire/rest/agents.ts';
import { idParams, nothing } from '../../wire/rest/common.ts';
import { inviteAgent, removeAgent, showAgent } from '../app/manage-agent.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** The agent of a plant (AGT-1 to AGT-4). */
export function agentRoutes(app: App, deps: Deps): void {
  const tags = ['Agents'];
  app.get(
    '/plants/:id/agent',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'getAgent',
        summary: 'How a plant’s agent fares',
        tags,
        params: idParams,
        response: { 200: agentSchema },
      },
    },
    async ({ actor, params }) => showAgent(deps, actor, params.id),
  );
  app.post(
    '/plants/:id/agent/enrollment-tokens',
    {
      config: { access: 'manage', showsSecret: true },
      schema: {
        operationId: 'createAgentEnrollmentToken',
        summary: 'Make the single-use token with which the plant’s next agent enrols',
        tags,
        params: idParams,
        response: { 201: enrollmentTokenSchema },
      },
    },
    async ({ actor, params }, reply) => reply.code(201).send(await inviteAgent(deps, actor, params.id)),
  );
  app.delete(
    '/plants/:id/agent',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'deleteAgent',
        summary: 'Withdraw a plant’s agent',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      answerRevision(reply, (await removeAgent(deps, actor, params.id)).revision);
      return reply.code(204).send(null);
    },
  );
}
