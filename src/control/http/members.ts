import { type MemberRow, listMembers } from '../../store/members.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import {
  type MemberJson,
  memberInput,
  memberParams,
  memberPatch,
  memberSchema,
  newMemberSchema,
} from '../../wire/rest/members.ts';
import {
  changeMember,
  inviteMember,
  removeMember,
  repeatInvitation,
  withdrawInvitation,
} from '../app/manage-members.ts';
import { inOrganization } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** Members of organizations (ACC-2). */
export function memberRoutes(app: App, deps: Deps): void {
  const tags = ['Members'];
  app.get(
    '/organizations/:id/members',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listMembers',
        summary: 'The members of an organization',
        tags,
        params: idParams,
        querystring: pageQuery,
        response: { 200: pageOf(memberSchema) },
      },
    },
    async ({ actor, params, query }) => {
      await inOrganization(deps.db, actor, params.id, 'manage-members');
      return paged(
        query,
        (window) => listMembers(deps.db, params.id, window),
        (row) => [row.name, row.userId],
        show,
      );
    },
  );
  app.post(
    '/organizations/:id/members',
    {
      config: { access: 'manage', showsSecret: true },
      schema: {
        operationId: 'inviteMember',
        summary: 'Make somebody a member; a new account comes with an invitation, shown once',
        tags,
        params: idParams,
        body: memberInput,
        response: { 201: newMemberSchema },
      },
    },
    async ({ actor, params, body }, reply) => {
      const { revision, value } = await inviteMember(deps, actor, params.id, body);
      answerRevision(reply, revision);
      return reply.code(201).send({ ...value });
    },
  );
  app.post(
    '/organizations/:id/members/:userId/invitation',
    {
      config: { access: 'manage', showsSecret: true },
      schema: {
        operationId: 'repeatInvitation',
        summary: 'Invite a member anew who has not accepted yet; the former invitation is dead',
        tags,
        params: memberParams,
        response: { 201: newMemberSchema },
      },
    },
    async ({ actor, params }, reply) =>
      reply.code(201).send({ ...(await repeatInvitation(deps, actor, params.id, params.userId)) }),
  );
  app.delete(
    '/organizations/:id/members/:userId/invitation',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'withdrawInvitation',
        summary: 'Take an invitation back that was not accepted, and the membership with it',
        tags,
        params: memberParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      const { revision } = await withdrawInvitation(deps, actor, params.id, params.userId);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
  app.patch(
    '/organizations/:id/members/:userId',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'changeMember',
        summary: 'Give a member another role',
        tags,
        params: memberParams,
        body: memberPatch,
        response: { 200: memberSchema },
      },
    },
    async ({ actor, params, body }, reply) => {
      const { revision, value } = await changeMember(deps, actor, params.id, params.userId, body.role);
      answerRevision(reply, revision);
      return reply.send(show(value));
    },
  );
  app.delete(
    '/organizations/:id/members/:userId',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'removeMember',
        summary: 'Remove a member with all grants and assignments there',
        tags,
        params: memberParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      const { revision } = await removeMember(deps, actor, params.id, params.userId);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
}

function show(row: MemberRow): MemberJson {
  return { ...row, createdAt: row.createdAt.toISOString() };
}
