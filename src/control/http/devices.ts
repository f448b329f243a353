import { listDevices } from '../../store/devices.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import { deviceInput, devicePatch, deviceQuery, deviceSchema, placedDeviceSchema } from '../../wire/rest/devices.ts';
import { addDevice, changeDevice, removeDevice } from '../app/manage-devices.ts';
import { listPlacedDevices, showDevice } from '../app/show-device.ts';
import { onPlant } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import type { App } from './app.ts';

/** Devices of plants. */
export function deviceRoutes(app: App, deps: Deps): void {
  const tags = ['Devices'];
  app.get(
    '/plants/:id/devices',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listDevices',
        summary: 'The devices of a plant',
        tags,
        params: idParams,
        querystring: pageQuery,
        response: { 200: pageOf(deviceSchema) },
      },
    },
    async ({ actor, params, query }) => {
      await onPlant(deps.db, actor, params.id, 'see-plant', new Date(deps.clock.now()));
      return paged(
        query,
        (window) => listDevices(deps.db, actor.userId, params.id, window),
        (row) => [row.name, row.id],
        showDevice,
      );
    },
  );
  app.get(
    '/devices',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listAllDevices',
        summary: 'The devices of all plants that you see, each with your route to it',
        tags,
        querystring: deviceQuery,
        response: { 200: pageOf(placedDeviceSchema) },
      },
    },
    async ({ actor, query }) => listPlacedDevices(deps, actor, query),
  );
  app.post(
    '/plants/:id/devices',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'addDevice',
        summary: 'Add a device to a plant',
        tags,
        params: idParams,
        body: deviceInput,
        response: { 201: deviceSchema },
      },
    },
    async ({ actor, params, body }, reply) =>
      reply.code(201).send(showDevice(await addDevice(deps, actor, params.id, body))),
  );
  app.patch(
    '/devices/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'changeDevice',
        summary: 'Change a device',
        tags,
        params: idParams,
        body: devicePatch,
        response: { 200: deviceSchema },
      },
    },
    async ({ actor, params, body }) => showDevice(await changeDevice(deps, actor, params.id, body)),
  );
  app.delete(
    '/devices/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'removeDevice',
        summary: 'Delete a device',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      await removeDevice(deps, actor, params.id);
      return reply.code(204).send(null);
    },
  );
}
