import { findCertificate } from '../../store/certificates.ts';
import { Problem } from '../../wire/problem.ts';
import { certificateSchema, issueInput, rotateInput } from '../../wire/rest/certificate.ts';
import { nothing } from '../../wire/rest/common.ts';
import { issueOwn, revokeOwn, rotateOwn } from '../app/change-certificate.ts';
import { showCertificate } from '../app/show-certificate.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** A person's own certificate (VPN-1 to VPN-4, VPN-18). */
export function certificateRoutes(app: App, deps: Deps): void {
  const config = { access: 'routes' } as const;
  const tags = ['Certificate'];
  app.get(
    '/certificate',
    {
      config,
      schema: {
        operationId: 'getCertificate',
        summary: 'Your certificate',
        tags,
        response: { 200: certificateSchema },
      },
    },
    async ({ actor }) => {
      const certificate = await findCertificate(deps.db, actor.userId);
      if (certificate === undefined) throw new Problem('certificate-missing', 'Issue one with POST /certificate.');
      return showCertificate(certificate, deps.pools);
    },
  );
  app.post(
    '/certificate',
    {
      config,
      schema: {
        operationId: 'issueCertificate',
        summary: 'Issue your certificate for a public key made on your machine',
        tags,
        body: issueInput,
        response: { 201: certificateSchema },
      },
    },
    async ({ actor, body }, reply) => {
      const { revision, value } = await issueOwn(deps, actor, body);
      answerRevision(reply, revision);
      return reply.code(201).send(showCertificate(value, deps.pools));
    },
  );
  app.post(
    '/certificate/rotate',
    {
      config,
      schema: {
        operationId: 'rotateCertificate',
        summary: 'Give your certificate another key; the former one is dead at once',
        tags,
        body: rotateInput,
        response: { 200: certificateSchema },
      },
    },
    async ({ actor, body }, reply) => {
      const { revision, value } = await rotateOwn(deps, actor, body);
      answerRevision(reply, revision);
      return reply.send(showCertificate(value, deps.pools));
    },
  );
  app.delete(
    '/certificate',
    {
      config,
      schema: {
        operationId: 'revokeCertificate',
        summary: 'Revoke your certificate and all its routes',
        tags,
        response: { 204: nothing },
      },
    },
    async ({ actor }, reply) => {
      const { revision } = await revokeOwn(deps, actor);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
}
