import { Command } from 'commander';
import { z } from 'zod';
import { deviceSchema } from '../../wire/rest/devices.ts';
import { type Api, connect } from '../client.ts';
import { type Changing, type Common, changing, conclude, removeAt, removing, showTable, verb } from '../command.ts';
import type { Context } from '../context.ts';
import { isId, pick, plantId } from '../names.ts';
import { NONE } from '../table.ts';

interface Properties extends Changing {
  readonly name?: string;
  readonly address?: string;
  readonly note?: string;
}

/** `parkway devices …`: what stands behind a plant. */
export function devicesCommand(context: Context): Command {
  const noun = new Command('devices').description('Devices of a plant.');
  verb(noun, 'list <plant>', 'all of a plant', 'devices list Sonnfeld').action((plant: string, options: Common) =>
    list(context, plant, options),
  );
  changing(noun, 'add <plant> <name> <address>', 'note one down', 'devices add Sonnfeld "Inverter 1" 192.168.1.10')
    .option('--note <text>', 'whatever helps')
    .action((plant: string, name: string, address: string, { note, ...options }: Properties) =>
      add(context, plant, { name, address, ...(note === undefined ? {} : { note }) }, options),
    );
  changing(noun, 'edit <plant> <device>', 'change it', 'devices edit Sonnfeld "Inverter 1" --address 192.168.1.11')
    .option('--name <name>', 'its new name')
    .option('--address <address>', 'its new address')
    .option('--note <text>', 'its new note')
    .action((plant: string, device: string, options: Properties) => edit(context, plant, device, options));
  removing(noun, 'remove <plant> <device>', 'forget it', 'devices remove Sonnfeld "Inverter 1"').action(
    (plant: string, device: string, options: Changing) =>
      removeAt(context, options, async (api) => `/devices/${await deviceId(api, plant, device)}`, {
        question: `Forget the device ${device}?`,
        done: `${device} is forgotten.`,
      }),
  );
  return noun;
}

async function list(context: Context, plant: string, options: Common): Promise<void> {
  const api = await connect(context);
  const answer = await api.list(`/plants/${await plantId(api, plant)}/devices`, deviceSchema);
  showTable(context, options, answer, 'The plant has no devices.', (devices) => ({
    columns: ['device', 'address', 'alias', 'note', 'id'],
    rows: devices.map(({ name, address, alias, note, id }) => [name, address, alias ?? NONE, note || NONE, id]),
  }));
}

async function add(context: Context, plant: string, body: object, options: Changing): Promise<void> {
  const api = await connect(context);
  const answer = await api.send('POST', `/plants/${await plantId(api, plant)}/devices`, body, deviceSchema);
  await conclude(
    context,
    api,
    options,
    answer,
    ({ name, address, alias }) => `${name} is at ${address}, by alias ${alias ?? NONE}.\n`,
  );
}

async function edit(context: Context, plant: string, device: string, options: Properties): Promise<void> {
  const api = await connect(context);
  const { name, address, note } = options;
  // What is undefined is not in the JSON, and stays as it is.
  const answer = await api.send(
    'PATCH',
    `/devices/${await deviceId(api, plant, device)}`,
    { name, address, note },
    z.unknown(),
  );
  await conclude(context, api, options, answer, () => 'Changed.\n');
}

async function deviceId(api: Api, plant: string, text: string): Promise<string> {
  if (isId(text)) return text;
  const devices = await api.list(`/plants/${await plantId(api, plant)}/devices`, deviceSchema);
  return pick(devices.value, text, ({ name, address }) => [name, address], 'device', `parkway devices ${plant}`).id;
}
