import { type AssignmentRow, listAssignments } from '../../store/assignments.ts';
import { readShare } from '../../store/shares.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import { type AssignmentJson, assignmentInput, assignmentSchema } from '../../wire/rest/cooperations.ts';
import { rolePatch } from '../../wire/rest/grants.ts';
import { assignShare, changeAssignment, withdrawAssignment } from '../app/manage-assignments.ts';
import { readableCooperation } from '../app/manage-cooperations.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import { found } from '../refuse.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** Assignments of what was shared to members of the partner (ACC-5). */
export function assignmentRoutes(app: App, deps: Deps): void {
  const tags = ['Cooperations'];
  app.get(
    '/shares/:id/assignments',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listAssignments',
        summary: 'Whom the partner assigned a share to',
        tags,
        params: idParams,
        querystring: pageQuery,
        response: { 200: pageOf(assignmentSchema) },
      },
    },
    async ({ actor, params, query }) => {
      const share = found(await readShare(deps.db, actor.userId, params.id), 'share');
      await readableCooperation(deps.db, actor, share.cooperationId);
      return paged(
        query,
        (window) => listAssignments(deps.db, actor.userId, params.id, window),
        (row) => [row.userName, row.id],
        show,
      );
    },
  );
  app.post(
    '/shares/:id/assignments',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'assignShare',
        summary: 'Assign a share to a member, as Administrator of the partner',
        tags,
        params: idParams,
        body: assignmentInput,
        response: { 201: assignmentSchema },
      },
    },
    async ({ actor, params, body }, reply) => {
      const { revision, value } = await assignShare(deps, actor, params.id, body);
      answerRevision(reply, revision);
      return reply.code(201).send(show(value));
    },
  );
  app.patch(
    '/assignments/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'changeAssignment',
        summary: 'Give an assignment another role',
        tags,
        params: idParams,
        body: rolePatch,
        response: { 200: assignmentSchema },
      },
    },
    async ({ actor, params, body }, reply) => {
      const { revision, value } = await changeAssignment(deps, actor, params.id, body.role);
      answerRevision(reply, revision);
      return reply.send(show(value));
    },
  );
  app.delete(
    '/assignments/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'withdrawAssignment',
        summary: 'Take an assignment away',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      const { revision } = await withdrawAssignment(deps, actor, params.id);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
}

function show({
  id,
  shareId,
  userId,
  userName,
  userEmail,
  role,
  effectiveRole,
  createdAt,
}: AssignmentRow): AssignmentJson {
  const user = { id: userId, name: userName, email: userEmail };
  return { id, shareId, user, role, effectiveRole, createdAt: createdAt.toISOString() };
}
