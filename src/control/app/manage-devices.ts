import { formatCidr, includes } from '../../net/cidr.ts';
import { type Ip, formatIp, parseIp } from '../../net/ip.ts';
import type { Tx } from '../../store/db.ts';
import { type DeviceRow, deleteDevice, insertDevice, readDevice, updateDevice } from '../../store/devices.ts';
import { subnetsOf } from '../../store/subnets.ts';
import { Problem } from '../../wire/problem.ts';
import type { DeviceInput, DevicePatch } from '../../wire/rest/devices.ts';
import type { Actor } from '../actor.ts';
import { onPlant } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';
import { list } from '../words.ts';

/** Adds a device to a plant. Its address must lie in one of the plant's subnets. */
export async function addDevice(deps: Deps, actor: Actor, plantId: string, input: DeviceInput): Promise<DeviceRow> {
  const now = new Date(deps.clock.now());
  return deps.db.transaction().execute(async (tx) => {
    const plant = await onPlant(tx, actor, plantId, 'configure-devices', now);
    const address = await readAddress(tx, actor, plantId, input.address);
    const id = await insertDevice(tx, plant, { ...input, address });
    return found(await readDevice(tx, actor.userId, id), 'device');
  });
}

/** Changes a device. A new address must lie in one of the plant's subnets. */
export async function changeDevice(deps: Deps, actor: Actor, id: string, patch: DevicePatch): Promise<DeviceRow> {
  return deps.db.transaction().execute(async (tx) => {
    const device = await configurable(deps, tx, actor, id);
    const address =
      patch.address === undefined ? device.address : await readAddress(tx, actor, device.plantId, patch.address);
    const { name = device.name, note = device.note } = patch;
    await updateDevice(tx, id, { name, note, address });
    return found(await readDevice(tx, actor.userId, id), 'device');
  });
}

/** Deletes a device. */
export async function removeDevice(deps: Deps, actor: Actor, id: string): Promise<void> {
  await deps.db.transaction().execute(async (tx) => {
    await configurable(deps, tx, actor, id);
    await deleteDevice(tx, id);
  });
}

async function configurable(deps: Deps, tx: Tx, actor: Actor, id: string): Promise<DeviceRow> {
  const device = found(await readDevice(tx, actor.userId, id), 'device');
  await onPlant(tx, actor, device.plantId, 'configure-devices', new Date(deps.clock.now()));
  return device;
}

async function readAddress(tx: Tx, actor: Actor, plantId: string, text: string): Promise<Ip> {
  const address = parseIp(text);
  if (address === undefined) {
    throw new Problem('invalid-request', `"${text}" is not an IPv4 address. Write it like 192.168.1.10.`);
  }
  const subnets = await subnetsOf(tx, actor.userId, plantId);
  if (subnets.some(({ network }) => includes(network, address))) return address;
  const known = list(
    subnets.map(({ network }) => formatCidr(network)),
    'and',
  );
  throw new Problem(
    'address-outside-plant',
    `${formatIp(address)} is in none of the plant’s subnets (${known || 'it has none'}). Correct the address, or add its subnet first.`,
  );
}
