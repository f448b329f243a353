import { acceptInput } from '../../wire/rest/members.ts';
import { openedSessionSchema } from '../../wire/rest/sessions.ts';
import { acceptInvitation } from '../app/accept-invitation.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';
import { demandOwnPages, handOver } from './session-cookie.ts';
import { clientOf } from './sessions.ts';

/** Taking up an invitation. */
export function invitationRoutes(app: App, deps: Deps): void {
  app.post(
    '/invitations/accept',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'acceptInvitation',
        summary: 'Set the password of an account you were invited to, and sign in',
        tags: ['Members'],
        body: acceptInput,
        response: { 201: openedSessionSchema },
      },
    },
    async (request, reply) => {
      if (request.body.cookie) demandOwnPages(deps, request);
      const opened = await acceptInvitation(deps, request.body, clientOf(request));
      return reply.code(201).send(handOver(reply, opened));
    },
  );
}
