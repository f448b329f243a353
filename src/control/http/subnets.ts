import { formatCidr } from '../../net/cidr.ts';
import { whyNoAlias } from '../../store/ranges.ts';
import { type SubnetRow, listSubnets } from '../../store/subnets.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import { type SubnetJson, subnetInput, subnetSchema } from '../../wire/rest/subnets.ts';
import { addSubnet, removeSubnet } from '../app/manage-subnets.ts';
import { onPlant } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** Subnets of plants and their aliases (VPN-10). */
export function subnetRoutes(app: App, deps: Deps): void {
  const tags = ['Subnets'];
  app.get(
    '/plants/:id/subnets',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listSubnets',
        summary: 'The subnets of a plant',
        tags,
        params: idParams,
        querystring: pageQuery,
        response: { 200: pageOf(subnetSchema) },
      },
    },
    async ({ actor, params, query }) => {
      await onPlant(deps.db, actor, params.id, 'see-plant', new Date(deps.clock.now()));
      return paged(
        query,
        (window) => listSubnets(deps.db, actor.userId, params.id, window),
        (row) => [formatCidr(row.network), row.id],
        show,
      );
    },
  );
  app.post(
    '/plants/:id/subnets',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'addSubnet',
        summary: 'Add a subnet to a plant',
        tags,
        params: idParams,
        body: subnetInput,
        response: { 201: subnetSchema },
      },
    },
    async ({ actor, params, body }, reply) => {
      const { revision, value } = await addSubnet(deps, actor, params.id, body);
      answerRevision(reply, revision);
      return reply.code(201).send(show(value));
    },
  );
  app.delete(
    '/subnets/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'removeSubnet',
        summary: 'Remove a subnet',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      const { revision } = await removeSubnet(deps, actor, params.id);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
}

function show({ id, plantId, network, range, pool, createdAt }: SubnetRow): SubnetJson {
  return {
    id,
    plantId,
    network: formatCidr(network),
    ...(pool === 'alias' ? { alias: formatCidr(range) } : { alias: null, aliasReason: whyNoAlias(network.length) }),
    createdAt: createdAt.toISOString(),
  };
}
