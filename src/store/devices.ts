/** Devices of plants. Whoever sees the plant sees them. */
import { sql } from 'kysely';
import { cidr, type Cidr } from '../net/cidr.ts';
import { type Ip, formatIp, parseIp } from '../net/ip.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { DEVICE_ALIAS } from './find.ts';
import { likePattern } from './like.ts';
import { type Window, behind } from './page.ts';
import { refusing } from './violation.ts';

export interface DeviceRow {
  readonly id: string;
  readonly plantId: string;
  readonly name: string;
  readonly address: Ip;
  readonly note: string;
  readonly createdAt: Date;
  /** The subnet that the address lies in; undefined when that was deleted. */
  readonly subnet: { readonly network: Cidr; readonly range: Cidr; readonly pool: 'alias' | 'hidden' } | undefined;
}

/** What of a device people set. */
export interface DeviceValues {
  readonly name: string;
  readonly address: Ip;
  readonly note: string;
}

/** The devices of a plant, by name; none when the user may not see the plant. */
export async function listDevices(db: Db, userId: string, plantId: string, window: Window): Promise<DeviceRow[]> {
  const rows = await seen(db, userId)
    .where('d.plant_id', '=', plantId)
    .where(behind(window, 'd.name', 'd.id'))
    .orderBy('d.name')
    .orderBy('d.id')
    .limit(window.limit)
    .execute();
  return rows.map(parse);
}

/** A device with where it is. */
export interface PlacedDeviceRow extends DeviceRow {
  readonly plantName: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly subnetId: string | null;
}

/** The devices of all plants that the user sees, by name. */
export async function listAllDevices(
  db: Db,
  userId: string,
  { q, plantId }: { readonly q?: string | undefined; readonly plantId?: string | undefined },
  window: Window,
): Promise<PlacedDeviceRow[]> {
  const pattern = likePattern(q ?? '', 'anywhere');
  const rows = await seen(db, userId)
    .innerJoin('plants as p', 'p.id', 'd.plant_id')
    .innerJoin('organizations as o', 'o.id', 'p.organization_id')
    .select(['p.name as plantName', 'o.id as organizationId', 'o.name as organizationName', 'n.id as subnetId'])
    .$if(plantId !== undefined, (query) => query.where('d.plant_id', '=', plantId ?? ''))
    .$if(q !== undefined, (query) =>
      query.where(
        sql<boolean>`(d.name ilike ${pattern} or p.name ilike ${pattern} or host(d.address) like ${pattern} or ${DEVICE_ALIAS} like ${pattern})`,
      ),
    )
    .where(behind(window, 'd.name', 'd.id'))
    .orderBy('d.name')
    .orderBy('d.id')
    .limit(window.limit)
    .execute();
  return rows.map(({ plantName, organizationId, organizationName, subnetId, ...row }) => ({
    ...parse(row),
    plantName,
    organizationId,
    organizationName,
    subnetId,
  }));
}

/** One device, or undefined when the user may not see its plant. */
export async function readDevice(db: Db, userId: string, id: string): Promise<DeviceRow | undefined> {
  const row = await seen(db, userId).where('d.id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : parse(row);
}

/** Adds a device and returns its id. Throws `already-exists` when the plant has one at this address. */
export async function insertDevice(
  tx: Tx,
  plant: { readonly id: string; readonly organizationId: string },
  device: DeviceValues,
): Promise<string> {
  const values = { ...columns(device), organization_id: plant.organizationId, plant_id: plant.id };
  const { id } = await refusing(
    () => tx.insertInto('devices').values(values).returning('id').executeTakeFirstOrThrow(),
    { devices_plant_id_address_key: () => addressTaken(device) },
  );
  return id;
}

/** Replaces what people set of a device. Throws `already-exists` when the plant has another at the address. */
export async function updateDevice(tx: Tx, id: string, device: DeviceValues): Promise<void> {
  await refusing(() => tx.updateTable('devices').set(columns(device)).where('id', '=', id).execute(), {
    devices_plant_id_address_key: () => addressTaken(device),
  });
}

/** Deletes a device. */
export async function deleteDevice(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('devices').where('id', '=', id).execute();
}

function seen(db: Db, userId: string) {
  return db
    .selectFrom('devices as d')
    .leftJoin('subnets as n', (join) =>
      join.onRef('n.plant_id', '=', 'd.plant_id').on(sql<boolean>`d.address <<= n.network`),
    )
    .select([
      'd.id',
      'd.plant_id as plantId',
      'd.name',
      sql<string>`host(d.address)`.as('address'),
      'd.note',
      'd.created_at as createdAt',
      'n.network',
      'n.unique_range as range',
      'n.pool',
    ])
    .where((eb) =>
      eb.exists(
        eb.selectFrom('access_sources as s').where('s.user_id', '=', userId).whereRef('s.plant_id', '=', 'd.plant_id'),
      ),
    );
}

type Columns = Awaited<ReturnType<ReturnType<typeof seen>['execute']>>[number];

function parse({ network, range, pool, address, ...row }: Columns): DeviceRow {
  const ip = parseIp(address);
  if (ip === undefined) throw new RangeError(`not an IPv4 address in devices: ${address}`);
  const subnet =
    network === null || range === null || pool === null
      ? undefined
      : { network: cidr(network), range: cidr(range), pool };
  return { ...row, address: ip, subnet };
}

function columns(device: DeviceValues): { name: string; address: string; note: string } {
  return { name: device.name, address: formatIp(device.address), note: device.note };
}

function addressTaken({ address }: DeviceValues): Problem {
  return new Problem(
    'already-exists',
    `The plant has a device at ${formatIp(address)}. Change that one, or delete it.`,
  );
}
