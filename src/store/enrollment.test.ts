import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ENGINES, testDatabase } from '../../test/postgres/database.ts';
import { NOW, addAgent, addOrganization, addPlant, addUser, head } from '../../test/postgres/world.ts';
import { newKeyPair } from '../net/keys.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { deleteAgent, readAgent } from './agents.ts';
import { change } from './change.ts';
import type { Db } from './db.ts';
import { enroll, insertEnrollmentToken } from './enrollment.ts';

const HOUR = 3_600_000;

async function token(db: Db, plantId: string): Promise<Buffer> {
  const hash = randomBytes(32);
  const expiresAt = new Date(NOW.getTime() + HOUR);
  await insertEnrollmentToken(db, { plantId }, { hash, createdBy: await addUser(db), expiresAt });
  return hash;
}

function keys() {
  return { identityKey: newKeyPair('ed25519').publicKey, tunnelKey: newKeyPair('x25519').publicKey };
}

function trade(db: Db, tokenHash: Buffer, now = NOW, offered = keys()) {
  return change(db, (tx) => enroll(tx, { tokenHash, ...offered }, DEFAULT_POOLS, now));
}

describe.each(ENGINES)('on %s', (engine) => {
  test('a token enrols once, before it expires, and not once a newer one is out (AGT-4)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const plant = await addPlant(db, await addOrganization(db));
    const first = await token(db, plant.id);
    const second = await token(db, plant.id);
    const invalid = { code: 'enrollment-invalid' };
    await expect(trade(db, first)).rejects.toMatchObject(invalid);
    await expect(trade(db, second, new Date(NOW.getTime() + HOUR))).rejects.toMatchObject(invalid);
    await expect(trade(db, randomBytes(32))).rejects.toMatchObject(invalid);
    expect((await trade(db, second)).value).toMatchObject({ kind: 'agent', number: plant.no });
    const before = await head(db);
    await expect(trade(db, second)).rejects.toMatchObject(invalid);
    expect(await head(db)).toBe(before);
  });

  test('of two daemons that offer the same token at once, one is enrolled', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const plant = await addPlant(db, await addOrganization(db));
    const hash = await token(db, plant.id);
    const outcomes = await Promise.allSettled([trade(db, hash), trade(db, hash)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('enrolling anew takes the place of the former agent and keeps the address; keys in use are refused', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const organization = await addOrganization(db);
    const [plant, other] = [await addPlant(db, organization), await addPlant(db, organization)];
    const former = await addAgent(db, plant);
    await db.updateTable('agent_status').set({ applied: 7, seen_at: NOW }).execute();
    const offered = { identityKey: former.identity.publicKey, tunnelKey: former.tunnel.publicKey };
    await expect(trade(db, await token(db, other.id), NOW, offered)).rejects.toMatchObject({ code: 'key-in-use' });

    const current = await addAgent(db, plant);
    expect(current.address).toBe(former.address);
    expect(current.id).not.toBe(former.id);
    expect(await db.selectFrom('agents').select('identity_key').execute()).toEqual([
      { identity_key: current.identity.publicKey },
    ]);
    expect(await readAgent(db, plant.id, NOW)).toMatchObject({ state: 'waiting', applied: 0, seenAt: null });
  });

  test('a plant without an agent says so, and whether one is awaited; a removed one is gone', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const plant = await addPlant(db, await addOrganization(db));
    const state = async () => (await readAgent(db, plant.id, NOW)).state;
    expect(await state()).toBe('none');
    await token(db, plant.id);
    expect(await state()).toBe('waiting');
    await addAgent(db, plant);
    await db
      .updateTable('agent_status')
      .set({ seen_at: new Date(Date.now() - 60_000) })
      .execute();
    expect(await state()).toBe('disconnected');
    await db.updateTable('agent_status').set({ seen_at: new Date() }).execute();
    expect(await state()).toBe('connected');
    await change(db, (tx) => deleteAgent(tx, plant.id, NOW));
    expect(await state()).toBe('none');
    await expect(change(db, (tx) => deleteAgent(tx, plant.id, NOW))).rejects.toMatchObject({ code: 'not-found' });
  });
});
