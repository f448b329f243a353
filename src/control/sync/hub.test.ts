import { expect, test } from 'vitest';
import { testDatabase } from '../../../test/postgres/database.ts';
import { addAgent, addOrganization, addPlant, addSubnet } from '../../../test/postgres/world.ts';
import { systemClock } from '../../net/clock.ts';
import { findDaemon } from '../../store/telemetry.ts';
import { createHub } from './hub.ts';

test('a change is told to an agent that came with a revision beyond the database’s, while its first state is on the way', async () => {
  await using database = await testDatabase('embedded');
  const { db } = database;
  const plant = await addPlant(db, await addOrganization(db));
  const { kind, id } = await addAgent(db, plant);
  const daemon = await findDaemon(db, kind, id);
  if (daemon === undefined) throw new Error('not enrolled');
  const hub = createHub({ db, clock: systemClock });
  await hub.check();
  let outdated = false;
  hub.add({
    daemon,
    heardAt: () => systemClock.now(),
    told: () => 1_000_000,
    push: async () => undefined,
    outdate: () => (outdated = true),
    isOutdated: () => outdated,
    refuse: () => undefined,
    terminate: () => undefined,
  });
  await addSubnet(db, plant, '10.1.0.0/16');
  await hub.check();
  expect(outdated).toBe(true);
});
