import { describe, expect, test } from 'vitest';
import { ENGINES, testDatabase } from '../../test/postgres/database.ts';
import {
  NOW,
  addAgent,
  addOrganization,
  addPlant,
  addSlot,
  addSubnet,
  addUser,
  certify,
  grant,
  join,
  reachOf,
} from '../../test/postgres/world.ts';
import { cidr, includes } from '../net/cidr.ts';
import { type PublicKey, newKeyPair } from '../net/keys.ts';
import { findCertificate, issueCertificate, revokeCertificate, rotateCertificate } from './certificates.ts';
import { change } from './change.ts';
import type { Db } from './db.ts';
import { pauseRoute } from './routes.ts';

const LATER = new Date(NOW.getTime() + 60_000);

function issue(db: Db, userId: string, publicKey: PublicKey) {
  return change(db, (tx, revision) => issueCertificate(tx, revision, { userId, publicKey, profile: 'full' }, NOW));
}

function rotate(db: Db, userId: string, publicKey: PublicKey) {
  return change(db, (tx, revision) => rotateCertificate(tx, revision, userId, publicKey, LATER));
}

function revoke(db: Db, userId: string) {
  return change(db, (tx, revision) => revokeCertificate(tx, revision, userId, LATER));
}

function newKey(): PublicKey {
  return newKeyPair('x25519').publicKey;
}

/** A certified operator of a plant with one subnet, which the user paused. */
async function operator(db: Db) {
  await addSlot(db);
  const plant = await addPlant(db, await addOrganization(db));
  const subnet = await addSubnet(db, plant, '192.168.1.0/24');
  const user = await addUser(db);
  await join(db, plant.organizationId, user);
  await grant(db, plant, user);
  const certificate = await certify(db, user);
  await change(db, (tx, revision) => pauseRoute(tx, revision, user, subnet.id, NOW));
  return { plant, user, certificate };
}

describe.each(ENGINES)('on %s', (engine) => {
  test('one certificate per user; alone it reaches nothing, with a role it reaches at once (VPN-1)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await addSlot(db);
    const user = await addUser(db);
    const { value: certificate } = await issue(db, user, newKey());
    expect(includes(cidr('100.64.0.0/16'), certificate.address)).toBe(true);
    expect(certificate).toMatchObject({ endpoint: '198.51.100.1:51820', issuedAt: NOW, rotatedAt: null });
    expect(await reachOf(db)).toEqual([]);
    await expect(issue(db, user, newKey())).rejects.toMatchObject({ code: 'certificate-exists' });

    const plant = await addPlant(db, await addOrganization(db));
    const member = await addUser(db);
    await join(db, plant.organizationId, member);
    await grant(db, plant, member);
    expect(await reachOf(db)).toEqual([]);
    await issue(db, member, newKey());
    expect(await reachOf(db)).toEqual([`${member} ${plant.no}`]);
  });

  test('rotation keeps address, routes and settings; the former key is dead for good (VPN-4)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { user, certificate } = await operator(db);
    const before = [
      await db.selectFrom('reach').selectAll().execute(),
      await db.selectFrom('route_settings').selectAll().execute(),
    ];
    const key = newKey();
    const { value: rotated } = await rotate(db, user, key);
    expect(rotated).toMatchObject({ address: certificate.address, publicKey: key, issuedAt: NOW, rotatedAt: LATER });
    const after = [
      await db.selectFrom('reach').selectAll().execute(),
      await db.selectFrom('route_settings').selectAll().execute(),
    ];
    expect(after).toEqual(before);
    await expect(rotate(db, user, certificate.publicKey)).rejects.toMatchObject({ code: 'key-retired' });
    await expect(rotate(db, user, key)).rejects.toMatchObject({ code: 'key-in-use' });
    await expect(rotate(db, await addUser(db), newKey())).rejects.toMatchObject({ code: 'certificate-missing' });
  });

  test('revocation takes certificate, access and settings; key and address do not come back (VPN-4)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { user, certificate } = await operator(db);
    await revoke(db, user);
    expect(await findCertificate(db, user)).toBeUndefined();
    expect(await reachOf(db)).toEqual([]);
    expect(await db.selectFrom('route_settings').selectAll().execute()).toEqual([]);
    await expect(revoke(db, user)).rejects.toMatchObject({ code: 'certificate-missing' });
    await expect(issue(db, user, certificate.publicKey)).rejects.toMatchObject({ code: 'key-retired' });
    const { value: again } = await issue(db, user, newKey());
    expect(again.address).not.toBe(certificate.address);
    expect(await reachOf(db)).toHaveLength(1);
  });

  test('who issues and revokes for ever takes a few addresses from the others, and each time only from its own', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { user, certificate, plant } = await operator(db);
    const addresses = [certificate.address];
    for (let i = 0; i < 20; i += 1) {
      await revoke(db, user);
      addresses.push((await issue(db, user, newKey())).value.address);
    }
    expect(new Set(addresses).size).toBe(8);
    expect(await reachOf(db)).toEqual([`${user} ${plant.no}`]);
    const other = await issue(db, await addUser(db), newKey());
    expect(addresses).not.toContain(other.value.address);
  });

  test('a key of another user, of a slot or of an agent is refused and nothing is changed', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { plant, certificate } = await operator(db);
    const agent = await addAgent(db, plant);
    const stranger = await addUser(db);
    for (const key of [certificate.publicKey, certificate.serverPublicKey, agent.tunnel.publicKey]) {
      await expect(issue(db, stranger, key)).rejects.toMatchObject({ code: 'key-in-use' });
    }
    expect(await findCertificate(db, stranger)).toBeUndefined();
  });

  test('without a slot there is nothing to issue for', async () => {
    await using database = await testDatabase(engine);
    const user = await addUser(database.db);
    await expect(issue(database.db, user, newKey())).rejects.toMatchObject({ code: 'unavailable' });
  });
});
