/**
 * Isolation of the whole system on the real kernel: control, gateways, agents, devices and stock clients of a lab. One lab
 * serves all of it; what takes access away for good comes last.
 */
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { errorTests } from './system-errors.ts';
import { loadTests } from './system-load.ts';
import { pathTests, spoofTests } from './system-paths.ts';
import { switchTests, withdrawalTests } from './system-streams.ts';
import { type World, openWorld, reaches, OLGA, OLE, OSKAR, OTTO } from './system-world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await Promise.all([
    reaches(world, OLGA, '192.168.1.20'),
    reaches(world, OLE, '172.20.4.20'),
    reaches(world, OSKAR, '192.168.1.20'),
    reaches(world, OTTO, '10.16.0.20'),
  ]);
});
afterEach(() => world.settle());
afterAll(() => world.close());

describe('no path (VPN-7)', () => {
  pathTests(() => world);
});
describe('no false name (VPN-7, AGT-3)', () => {
  spoofTests(() => world);
});
describe('errors that arrive', () => {
  errorTests(() => world);
});
describe('load (VPN-16)', () => {
  loadTests(() => world);
});
describe('a switch of owner (VPN-9)', () => {
  switchTests(() => world);
});
describe('access that is taken away (VPN-8)', () => {
  withdrawalTests(() => world);
});
