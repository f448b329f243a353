import { nothing } from '../../wire/rest/common.ts';
import { codeInput, proofInput, recoveryCodeSchema, secondFactorSetupSchema } from '../../wire/rest/second-factor.ts';
import { confirmSecondFactor, startSecondFactor, turnOffSecondFactor } from '../app/second-factor.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';

/** One's second factor (USR-1). */
export function secondFactorRoutes(app: App, deps: Deps): void {
  const tags = ['Account'];
  app.post(
    '/me/second-factor/setup',
    {
      config: { access: 'manage', showsSecret: true },
      schema: {
        operationId: 'startSecondFactor',
        summary: 'Begin to set up a second factor, or to replace it; the secret is shown once',
        tags,
        body: proofInput,
        response: { 201: secondFactorSetupSchema },
      },
    },
    async ({ actor, body }, reply) => {
      const { expiresAt, ...setup } = await startSecondFactor(deps, actor, body);
      return reply.code(201).send({ ...setup, expiresAt: expiresAt.toISOString() });
    },
  );
  app.post(
    '/me/second-factor/confirm',
    {
      config: { access: 'manage', showsSecret: true },
      schema: {
        operationId: 'confirmSecondFactor',
        summary: 'Put the second factor into force by a first code; the recovery code is shown once',
        tags,
        body: codeInput,
        response: { 201: recoveryCodeSchema },
      },
    },
    async ({ actor, body }, reply) =>
      reply.code(201).send({ recoveryCode: await confirmSecondFactor(deps, actor, body.code) }),
  );
  app.post(
    '/me/second-factor/off',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'turnOffSecondFactor',
        summary: 'Turn the second factor off, with the password and a code',
        tags,
        body: proofInput,
        response: { 204: nothing },
      },
    },
    async ({ actor, body }, reply) => {
      await turnOffSecondFactor(deps, actor, body);
      return reply.code(204).send(null);
    },
  );
}
