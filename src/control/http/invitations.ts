import { acceptInput } from '../../wire/rest/members.ts';
import { newSessionSchema } from '../../wire/rest/sessions.ts';
import { acceptInvitation } from '../app/accept-invitation.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';
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
        response: { 201: newSessionSchema },
      },
    },
    async (request, reply) => reply.code(201).send(await acceptInvitation(deps, request.body, clientOf(request))),
  );
}
