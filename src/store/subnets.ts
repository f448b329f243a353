/** Subnets of plants and the unique ranges that stand for them (VPN-10). Whoever sees the plant sees them. */
import { sql } from 'kysely';
import { type Cidr, cidr, formatCidr } from '../net/cidr.ts';
import type { Db, Tx } from './db.ts';
import { type Window, behind } from './page.ts';

export interface SubnetRow {
  readonly id: string;
  readonly plantId: string;
  readonly network: Cidr;
  readonly range: Cidr;
  readonly pool: 'alias' | 'hidden';
  readonly createdAt: Date;
}

/** The subnets of a plant, in the order of their text; none when the user may not see the plant. */
export async function listSubnets(db: Db, userId: string, plantId: string, window: Window): Promise<SubnetRow[]> {
  const rows = await seen(db, userId)
    .where('n.plant_id', '=', plantId)
    .where(behind(window, 'n.network', 'n.id'))
    .orderBy(sql`n.network::text`)
    .orderBy('n.id')
    .limit(window.limit)
    .execute();
  return rows.map(parse);
}

/** All subnets of a plant, for what has to be compared with each of them. */
export async function subnetsOf(db: Db, userId: string, plantId: string): Promise<SubnetRow[]> {
  return (await seen(db, userId).where('n.plant_id', '=', plantId).execute()).map(parse);
}

/** One subnet, or undefined when the user may not see its plant. */
export async function readSubnet(db: Db, userId: string, id: string): Promise<SubnetRow | undefined> {
  const row = await seen(db, userId).where('n.id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : parse(row);
}

/** Adds a subnet that was checked against the plant's others, with the range that was allocated for it. */
export async function insertSubnet(
  tx: Tx,
  revision: number,
  plant: { readonly id: string; readonly organizationId: string },
  subnet: { readonly network: Cidr; readonly range: Cidr; readonly pool: 'alias' | 'hidden' },
): Promise<SubnetRow> {
  const { id, created_at } = await tx
    .insertInto('subnets')
    .values({
      organization_id: plant.organizationId,
      plant_id: plant.id,
      network: formatCidr(subnet.network),
      unique_range: formatCidr(subnet.range),
      pool: subnet.pool,
      since: revision,
    })
    .returning(['id', 'created_at'])
    .executeTakeFirstOrThrow();
  return { ...subnet, id, plantId: plant.id, createdAt: created_at };
}

/** Deletes a subnet. Release its range in the same transaction. */
export async function deleteSubnet(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('subnets').where('id', '=', id).execute();
}

function seen(db: Db, userId: string) {
  return db
    .selectFrom('subnets as n')
    .select([
      'n.id',
      'n.plant_id as plantId',
      'n.network',
      'n.unique_range as range',
      'n.pool',
      'n.created_at as createdAt',
    ])
    .where((eb) =>
      eb.exists(
        eb.selectFrom('access_sources as s').where('s.user_id', '=', userId).whereRef('s.plant_id', '=', 'n.plant_id'),
      ),
    );
}

function parse(row: Omit<SubnetRow, 'network' | 'range'> & { network: string; range: string }): SubnetRow {
  return { ...row, network: cidr(row.network), range: cidr(row.range) };
}
