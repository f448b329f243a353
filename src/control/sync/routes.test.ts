import { describe, expect, test, vi } from 'vitest';
import { connect, dial, helloOf, testSync } from '../../../test/control/daemons.ts';
import { ENGINES } from '../../../test/postgres/database.ts';
import {
  addAgent,
  addGateway,
  addOrganization,
  addPlant,
  addSlot,
  addSubnet,
  addUser,
  certify,
  grant,
  head,
  join,
  withdraw,
} from '../../../test/postgres/world.ts';
import { newKeyPair, openSealed, publicKeyOf, toPrivateKey, verifyBytes } from '../../net/keys.ts';
import { change } from '../../store/change.ts';
import type { Db } from '../../store/db.ts';
import { deleteGateway } from '../../store/gateways.ts';
import { agentState } from '../../wire/state.ts';
import { MAX_MESSAGE } from '../../wire/sync.ts';

/** A user who is a member and certified, and a plant with a subnet. */
async function site(db: Db) {
  await addSlot(db);
  const plant = await addPlant(db, await addOrganization(db));
  await addSubnet(db, plant, '192.168.1.0/24');
  const user = await addUser(db);
  await join(db, plant.organizationId, user);
  const { address } = await certify(db, user);
  return { plant, user, address };
}

const appliedBy = async (db: Db, gateway: number) =>
  (await db.selectFrom('gateway_status').select('applied').where('gateway_no', '=', gateway).executeTakeFirst())
    ?.applied;

describe.each(ENGINES)('on %s', (engine) => {
  test('a gateway gets a snapshot, then a delta per change; what it confirms is noted and never goes back', async () => {
    await using sync = await testSync(engine);
    const { db } = sync.database;
    const { plant, user, address } = await site(db);
    const gateway = await addGateway(db);
    using peer = await connect(sync, gateway);
    const from = await head(db);
    expect(await peer.next()).toMatchObject({
      type: 'snapshot',
      revision: from,
      last: true,
      rows: { users: [{ address }] },
    });
    peer.say({ type: 'ack', revision: from });
    await vi.waitFor(async () => expect(await appliedBy(db, gateway.number)).toBe(from));

    const granted = await grant(db, plant, user);
    expect(await peer.next()).toMatchObject({
      type: 'delta',
      from,
      to: granted,
      last: true,
      rows: { reach: [[address, plant.no, granted]] },
    });
    const withdrawn = await withdraw(db, plant, user);
    expect(await peer.next()).toMatchObject({
      type: 'delta',
      from: granted,
      to: withdrawn,
      gone: { reach: [[address, plant.no]] },
    });
    peer.say({ type: 'ack', revision: withdrawn });
    peer.say({ type: 'ack', revision: granted });
    await vi.waitFor(async () => expect(await appliedBy(db, gateway.number)).toBe(withdrawn));
  });

  test('a slot’s private key is sealed so that this gateway alone can open it', async () => {
    await using sync = await testSync(engine);
    const { db } = sync.database;
    await addSlot(db);
    const gateway = await addGateway(db);
    using peer = await connect(sync, gateway);
    const message = await peer.next();
    if (message.type !== 'snapshot') throw new Error(message.type);
    const [slot] = message.rows.slots;
    const raw = openSealed(gateway.tunnel.privateKey, 'slot 1', slot?.sealedKey ?? '');
    expect(publicKeyOf(toPrivateKey('x25519', raw.toString('base64')))).toBe(slot?.publicKey);
    expect(() => openSealed(newKeyPair('x25519').privateKey, 'slot 1', slot?.sealedKey ?? '')).toThrow(/authenticate/);
  });

  test('a gateway that comes back continues where it was, and is asked for its confirmation again', async () => {
    await using sync = await testSync(engine);
    const { db } = sync.database;
    const { plant, user } = await site(db);
    const gateway = await addGateway(db);
    const before = await head(db);
    const granted = await grant(db, plant, user);
    using peer = await connect(sync, gateway, before);
    expect(await peer.next()).toMatchObject({ type: 'delta', from: before, to: granted });
    using again = await connect(sync, gateway, granted);
    expect(await again.next()).toEqual({
      ...emptyDelta(granted),
    });
    // One daemon has one connection: the first is closed.
    await peer.closed;
    using restored = await connect(sync, gateway, granted + 100);
    expect(await restored.next()).toMatchObject({ type: 'snapshot', revision: granted });
    expect(await appliedBy(db, gateway.number)).toBe(0);
  });

  test('what arrives late on a former connection, to another control process, counts for nothing: neither a confirmation nor a hello', async () => {
    await using sync = await testSync(engine);
    await using second = await testSync(engine, sync.database);
    const { db } = sync.database;
    await site(db);
    const gateway = await addGateway(db);
    using former = await connect(sync, gateway);
    using silent = await dial(sync);
    const lateHello = await helloOf(silent, gateway, await head(db));
    expect(await former.next()).toMatchObject({ type: 'snapshot', revision: await head(db) });
    // It loses its disk.
    using current = await connect(second, gateway, 0);
    expect(await current.next()).toMatchObject({ type: 'snapshot', revision: await head(db) });
    former.say({ type: 'ack', revision: await head(db) });
    expect(await former.closed).toBe(1008);
    silent.say(lateHello);
    expect(await silent.closed).toBe(1008);
    expect(await appliedBy(db, gateway.number)).toBe(0);
    current.say({ type: 'ack', revision: await head(db) });
    await vi.waitFor(async () => expect(await appliedBy(db, gateway.number)).toBe(await head(db)));
    expect(current.socket.readyState).toBe(current.socket.OPEN);
  });

  test('an agent gets its signed state, and again when its plant or a gateway changed, but not when another plant did', async () => {
    await using sync = await testSync(engine);
    const { db } = sync.database;
    const { plant, user, address } = await site(db);
    const other = await addPlant(db, plant.organizationId);
    const agent = await addAgent(db, plant);
    using peer = await connect(sync, agent);
    const states = async () => {
      const message = await peer.next();
      if (message.type !== 'agent-state') throw new Error(message.type);
      const { publicKey } = sync.deps.installation.keys;
      expect(verifyBytes(publicKey, Buffer.from(message.state), message.signature)).toBe(true);
      return agentState.parse(JSON.parse(message.state));
    };
    expect(await states()).toMatchObject({ plant: plant.no, users: [], gateways: [] });
    await grant(db, other, user);
    const granted = await grant(db, plant, user);
    expect(await states()).toMatchObject({ revision: granted, users: [address] });
    await addGateway(db);
    await vi.waitFor(async () => expect((await states()).gateways).toHaveLength(1));
    peer.say({ type: 'ack', revision: await head(db) });
    await vi.waitFor(async () =>
      expect(await db.selectFrom('agent_status').select('applied').execute()).toEqual([{ applied: await head(db) }]),
    );
  });

  test('a wake-up reaches daemons on every control process', async () => {
    await using sync = await testSync(engine);
    await using second = await testSync(engine, sync.database);
    const { db } = sync.database;
    const { plant, user } = await site(db);
    using one = await connect(sync, await addGateway(db));
    using two = await connect(second, await addGateway(db));
    const granted = await (async () => {
      await vi.waitFor(() => expect([one.heard.length, two.heard.length].every((n) => n >= 2)).toBe(true));
      return grant(db, plant, user);
    })();
    await vi.waitFor(() => {
      for (const peer of [one, two]) expect(peer.heard.at(-1)).toMatchObject({ type: 'delta', to: granted });
    });
  });

  test('what daemons report is noted: paths, repairs, limits (VPN-6, VPN-12, VPN-16)', async () => {
    await using sync = await testSync(engine);
    const { db } = sync.database;
    const { plant, user, address } = await site(db);
    const gateway = await addGateway(db);
    using peer = await connect(sync, gateway);
    const other = await addPlant(db, plant.organizationId);
    const paths = async () => db.selectFrom('paths').select(['plant_no', 'up']).orderBy('plant_no').execute();
    peer.say({ type: 'paths', full: true, up: [plant.no, 999_999], down: [other.no] });
    await vi.waitFor(async () =>
      expect(await paths()).toEqual([
        { plant_no: plant.no, up: true },
        { plant_no: other.no, up: false },
      ]),
    );
    peer.say({ type: 'paths', full: false, up: [], down: [plant.no] });
    await vi.waitFor(async () => expect(await paths()).toContainEqual({ plant_no: plant.no, up: false }));
    peer.say({ type: 'paths', full: true, up: [other.no], down: [] });
    await vi.waitFor(async () => expect(await paths()).toEqual([{ plant_no: other.no, up: true }]));

    peer.say({ type: 'repaired', what: 'nft', detail: 'table was gone' });
    peer.say({ type: 'limits', hits: [{ user: address, packets: 7 }] });
    await vi.waitFor(async () =>
      expect(await db.selectFrom('limit_hits').select(['user_id', 'packets']).execute()).toEqual([
        { user_id: user, packets: 7 },
      ]),
    );
    expect(await db.selectFrom('corrections').select(['kind', 'detail']).execute()).toEqual([
      { kind: 'gateway-repaired', detail: { gateway: gateway.number, what: 'nft', detail: 'table was gone' } },
    ]);
  });

  test('an agent that reports repairs without end fills no table', async () => {
    await using sync = await testSync(engine);
    const { db } = sync.database;
    const { plant } = await site(db);
    using peer = await connect(sync, await addAgent(db, plant));
    await peer.next();
    for (let i = 0; i < 100; i += 1) peer.say({ type: 'repaired', what: 'nft', detail: `${i}` });
    peer.say({ type: 'ack', revision: await head(db) });
    await vi.waitFor(async () =>
      expect(await db.selectFrom('agent_status').select('applied').execute()).toEqual([{ applied: await head(db) }]),
    );
    expect(await db.selectFrom('corrections').selectAll().execute()).toHaveLength(60);
  });

  test('a daemon that was removed, or whose place another took, is refused and cannot come back (AVL-5)', async () => {
    await using sync = await testSync(engine);
    const { db } = sync.database;
    const { plant } = await site(db);
    const gateway = await addGateway(db);
    const former = await addAgent(db, plant);
    using one = await connect(sync, gateway);
    using two = await connect(sync, former);
    await vi.waitFor(() => expect(one.heard.length * two.heard.length).toBeGreaterThan(3));
    await change(db, (tx) => deleteGateway(tx, gateway.id, new Date()));
    await addAgent(db, plant);
    expect(await one.closed).toBe(1008);
    expect(await two.closed).toBe(1008);
    for (const daemon of [gateway, former]) {
      using again = await connect(sync, daemon);
      expect(await again.next()).toMatchObject({ type: 'refused', code: 'daemon-unknown' });
    }
  });

  describe('a bad message is refused with its code, ends the connection, and changes nothing', () => {
    test.each([
      ['text that is not JSON', 'message-malformed', () => 'hello'],
      ['JSON that is no message', 'message-malformed', () => '{"type":"grant"}'],
      ['a report before the hello', 'message-malformed', () => JSON.stringify({ type: 'ack', revision: 1 })],
      ['a huge hello', 'message-too-large', () => 'x'.repeat(5000)],
      [
        'a hello of nobody',
        'daemon-unknown',
        () =>
          JSON.stringify({ type: 'hello', kind: 'agent', id: crypto.randomUUID(), signature: 'x', have: 0, clock: 0 }),
      ],
    ])('%s', async (_name, code, text) => {
      await using sync = await testSync(engine);
      using peer = await dial(sync);
      await peer.next();
      peer.socket.send(text());
      expect(await peer.next()).toMatchObject({ type: 'refused', code });
      expect(await peer.closed).toBe(1008);
    });

    test.each([
      ['a second hello', 'message-malformed', 'hello'],
      ['an oversized message', 'message-too-large', ' '.repeat(MAX_MESSAGE + 1)],
      [
        'a confirmation of what was never sent',
        'message-malformed',
        JSON.stringify({ type: 'ack', revision: 1_000_000 }),
      ],
      [
        'text that no database can hold',
        'message-malformed',
        JSON.stringify({ type: 'repaired', what: 'nft', detail: 'a\0b' }),
      ],
      [
        'a plant number beyond all numbers',
        'message-malformed',
        JSON.stringify({ type: 'paths', full: false, up: [2 ** 40], down: [] }),
      ],
      ['a negative revision', 'message-malformed', JSON.stringify({ type: 'ack', revision: -1 })],
    ])('%s of a known gateway', async (_name, code, text) => {
      await using sync = await testSync(engine);
      const { db } = sync.database;
      const gateway = await addGateway(db);
      using peer = await dial(sync);
      const hello = await helloOf(peer, gateway);
      peer.say(hello);
      await peer.next();
      peer.socket.send(text === 'hello' ? JSON.stringify(hello) : text);
      expect(await peer.next()).toMatchObject({ type: 'refused', code });
      expect(await peer.closed).toBe(1008);
      expect(await appliedBy(db, gateway.number)).toBe(0);
    });

    test('the beginning of a large message from somebody who said no hello: the connection ends long before it is whole', async () => {
      await using sync = await testSync(engine);
      using peer = await dial(sync);
      await peer.next();
      const bytes = Buffer.alloc(MAX_MESSAGE / 4, 32);
      peer.socket.send(bytes, { fin: false, binary: false });
      expect(await peer.closed).toBe(1006);
      expect(peer.heard).toHaveLength(1);
    });

    test('a signature by another key, and a hello recorded on another connection', async () => {
      await using sync = await testSync(engine);
      const { db } = sync.database;
      const [gateway, other] = [await addGateway(db), await addGateway(db)];
      using forged = await connect(sync, { ...gateway, identity: other.identity });
      expect(await forged.next()).toMatchObject({ type: 'refused', code: 'daemon-unknown' });
      using recorded = await dial(sync);
      const hello = await helloOf(recorded, gateway);
      using replayed = await dial(sync);
      await replayed.next();
      replayed.say(hello);
      expect(await replayed.next()).toMatchObject({ type: 'refused', code: 'daemon-unknown' });
    });

    test('an agent that reports paths', async () => {
      await using sync = await testSync(engine);
      const { plant } = await site(sync.database.db);
      using peer = await connect(sync, await addAgent(sync.database.db, plant));
      await peer.next();
      peer.say({ type: 'paths', full: true, up: [plant.no], down: [] });
      expect(await peer.next()).toMatchObject({ type: 'refused', code: 'message-malformed' });
      expect(await sync.database.db.selectFrom('paths').selectAll().execute()).toEqual([]);
    });
  });
});

function emptyDelta(revision: number) {
  const none = { slots: [], gateways: [], agents: [], subnets: [], users: [], reach: [], settings: [] };
  return { type: 'delta', from: revision, to: revision, last: true, rows: none, gone: none };
}
