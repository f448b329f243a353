import { beforeEach, expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { newKeyPair, sealTo } from '../net/keys.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { type FakeRunner, fakeRunner } from '../kernel/fake.ts';
import { nftTable } from '../kernel/nft.ts';
import { KernelError } from '../kernel/run.ts';
import { type RowsJson, rowsSchema } from '../wire/state.ts';
import { type Enforcer, openEnforcer } from './enforce.ts';
import { NO_GONE, NO_ROWS, type State, applyChange, emptyState } from './state.ts';

const tunnel = newKeyPair('x25519');
const slot = newKeyPair('x25519');
const USER = toIp(0x6440000b);
const OTHER = toIp(0x6440000c);
const keys = [newKeyPair('x25519').publicKey, newKeyPair('x25519').publicKey] as const;

const BASE: RowsJson = {
  slots: [
    {
      slot: 1,
      address: toIp(0xcb007101),
      port: 51820,
      publicKey: slot.publicKey,
      sealedKey: sealTo(tunnel.publicKey, 'slot 1', Buffer.from(slot.privateKey.reveal(), 'base64')),
      users: '100.64.0.0/16',
    },
  ],
  subnets: [
    { subnet: 1, plant: 1, network: '192.168.1.0/24', range: '100.96.1.0/24', since: 1 },
    { subnet: 2, plant: 2, network: '192.168.1.0/24', range: '100.96.2.0/24', since: 1 },
    { subnet: 3, plant: 2, network: '10.3.0.0/20', range: '100.97.0.0/20', since: 1 },
  ],
  users: [
    { address: USER, slot: 1, publicKey: keys[0] },
    { address: OTHER, slot: 1, publicKey: keys[1] },
  ],
  reach: [[USER, 1, 2]],
};

let kernel: FakeRunner;
let state: State;
let enforcer: Enforcer;
let reports: string[];
/** Input that the kernel refuses. */
let refuses: (argv: string, input: string) => boolean;
/** What `wg show slot1 dump` says of peers. */
let slotPeers: string;
/** What `nft list chains` prints, and `nft list` for the sets that are asked for. */
let chains: string;
let listed: (input: string) => string;

const keyOf = (n: number) => keys[n] ?? newKeyPair('x25519').publicKey;
const rows = (json: RowsJson) => rowsSchema.parse(json);

function answer(argv: string, input: string): string | undefined {
  if (refuses(argv, input)) throw new KernelError(argv.split(' '), 'ended with 1', 'refused');
  if (argv === 'wg show agents dump') return `x\t${tunnel.publicKey}\t51900\toff\n`;
  if (argv === 'wg show slot1 dump') return `x\t${slot.publicKey}\t51820\t0x5001\n${slotPeers}`;
  if (argv === 'nft list chains ip') return chains;
  if (argv === 'env HOME=/dev/null nft -i') return listed(input);
  if (argv.startsWith('ip -j ')) return '[]\n'.repeat(input.trimEnd().split('\n').length);
  if (argv.startsWith('sysctl -n')) return '';
  if (/^(nft -f -|wg addconf|wg set|ip -batch -|ip link|sysctl -q)/.test(argv)) return '';
  if (argv.startsWith('conntrack -L') || argv.startsWith('perl ')) return '';
  return undefined;
}

/** What was run that is about the rule set or the peers, without the number of the transaction. */
const log = () =>
  kernel
    .text()
    .split('\n')
    .filter((line) => !/generation|add table|conntrack|list chains/.test(line))
    .join('\n');

beforeEach(async () => {
  [refuses, chains, listed, slotPeers, reports] = [
    () => false,
    '',
    () => '',
    keys.map((key, n) => `${key}\t(none)\t(none)\t100.64.0.${11 + n}/32\t0\t0\t0\toff\n`).join(''),
    [],
  ];
  kernel = fakeRunner(answer);
  state = emptyState();
  applyChange(state, rows(BASE), NO_GONE);
  enforcer = openEnforcer({
    runner: kernel,
    table: nftTable(kernel, 'parkway', 1),
    pools: DEFAULT_POOLS,
    limits: { newPerSecond: 50, burst: 200, connections: 4096 },
    tunnelKey: tunnel.privateKey,
    port: 51900,
    address: toIp(0x64500001),
    uplink: undefined,
    report: (what, detail) => void reports.push(`${what}: ${detail}`),
  });
  await enforcer.converge(state);
  kernel.clear();
});

test('a switch of owner is one transaction, deletes first', async () => {
  await enforcer.change(
    state,
    rows({ reach: [[USER, 2, 3]], settings: [{ user: USER, subnet: 2, chosen: 4, paused: false }] }),
    NO_GONE,
  );
  expect(log()).toBe(`nft -f -
  add map ip parkway r20s11 { typeof ip saddr . meta mark : interval ip daddr; }
  add set ip parkway bound20s11 { type ipv4_addr . mark . mark; }
  flush map ip parkway r20s11
  flush set ip parkway bound20s11
  add rule ip parkway lookups11 meta mark set @nh,128,32 & 0xfffff000 dnat ip prefix to ip saddr . meta mark map @r20s11
  add rule ip parkway upward11 meta mark set @nh,128,32 & 0xfffff000 ip saddr . ct mark . meta mark @bound20s11 goto admit
  add rule ip parkway downward11 meta mark set @nh,96,32 & 0xfffff000 ip daddr . ct mark . meta mark @bound20s11 goto deliver
  delete element ip parkway r24s11 { 100.64.0.11 . 0x0001a8c0 }
  delete element ip parkway bound24s11 { 100.64.0.11 . 1 . 0x00016064 }
  add element ip parkway r24s11 { 100.64.0.11 . 0x0001a8c0 : 100.96.2.0/24 }
  add element ip parkway bound24s11 { 100.64.0.11 . 1 . 0x00026064, 100.64.0.11 . 0 . 0x00026064 }
  add element ip parkway r20s11 { 100.64.0.11 . 0x0000030a : 100.97.0.0/20 }
  add element ip parkway bound20s11 { 100.64.0.11 . 1 . 0x00006164, 100.64.0.11 . 0 . 0x00006164 }`);
  expect(enforcer.isWhole()).toBe(true);
});

test('a revoked certificate’s peer goes before its elements, a new one’s comes after them', async () => {
  await enforcer.change(
    state,
    rows({ users: [{ address: OTHER, slot: 1, publicKey: newKeyPair('x25519').publicKey }] }),
    { ...NO_GONE, users: [USER] },
  );
  const order = log()
    .split('\n')
    .filter((line) => !line.startsWith('  '));
  expect(order).toEqual([
    `wg set slot1 peer ${keys[1]} remove peer ${keys[0]} remove`,
    'nft -f -',
    'wg addconf slot1 /dev/stdin',
  ]);
});

test('a grant that the kernel refuses never blocks a withdrawal, and is tried again (VPN-8)', async () => {
  refuses = (argv, input) => argv === 'nft -f -' && input.includes('100.96.2.0/24');
  await enforcer.change(state, rows({ reach: [[OTHER, 2, 3]] }), { ...NO_GONE, reach: [[USER, 1]] });
  const withdrawn = log()
    .split('nft -f -\n')
    .filter((text) => text.includes('delete element') && !text.includes('add element'));
  expect(withdrawn).toHaveLength(1);
  expect(withdrawn[0]).toContain('bound24s11 { 100.64.0.11 . 1 . 0x00016064, 100.64.0.11 . 0 . 0x00016064 }');
  // What the kernel takes of the grants is there; what it does not is reported.
  expect(log().split('nft -f -\n').at(-1)).toContain(
    'add element ip parkway r20s12 { 100.64.0.12 . 0x0000030a : 100.97.0.0/20 }',
  );
  expect(reports).toEqual([expect.stringContaining('grant-refused: r24s12 100.64.0.12 . 0x0001a8c0')]);
  expect(enforcer.isWhole()).toBe(false);
  kernel.clear();
  refuses = () => false;
  await enforcer.check();
  expect(log()).toContain('add element ip parkway r24s12 { 100.64.0.12 . 0x0001a8c0 : 100.96.2.0/24 }');
  expect(enforcer.isWhole()).toBe(true);
});

test('a grant that was refused and is withdrawn is not deleted from where it never was', async () => {
  refuses = (argv, input) => argv === 'nft -f -' && input.includes('100.96.2.0/24');
  await enforcer.change(state, rows({ reach: [[OTHER, 2, 3]] }), NO_GONE);
  kernel.clear();
  await enforcer.change(state, NO_ROWS, { ...NO_GONE, reach: [[OTHER, 2]] });
  expect(log()).not.toContain('delete element ip parkway r24s12');
  expect(log()).toContain('delete element ip parkway bound24s12');
  expect(enforcer.isWhole()).toBe(true);
});

test('a withdrawal that the kernel refuses replaces the shard, and one that it refuses, too, the whole table', async () => {
  refuses = (_, input) => input.includes('delete element');
  await enforcer.change(state, NO_ROWS, { ...NO_GONE, reach: [[USER, 1]] });
  expect(log().split('nft -f -\n').at(-1)).toContain('delete set ip parkway bound24s11');
  expect(log()).not.toContain('delete table');
  expect(log()).not.toContain('add element');
  expect(enforcer.isWhole()).toBe(true);
  await enforcer.change(state, rows({ reach: [[USER, 1, 5]] }), NO_GONE);
  kernel.clear();
  let isThere = true;
  refuses = (_, input) => {
    if (input.includes('delete table')) isThere = false;
    return isThere && /delete (element|set)/.test(input);
  };
  await enforcer.change(state, NO_ROWS, { ...NO_GONE, reach: [[USER, 1]] });
  expect(log()).toContain('delete table ip parkway');
  expect(log().split('delete table ip parkway')[1]).not.toContain('100.64.0.11');
  expect(enforcer.isWhole()).toBe(true);
});

test('peers that others removed, added or widened are put right (VPN-6)', async () => {
  const foreign = newKeyPair('x25519').publicKey;
  slotPeers = `${keys[0]}\t(none)\t(none)\t0.0.0.0/0\t0\t0\t0\toff\n${foreign}\t(none)\t(none)\t(none)\t0\t0\t0\toff\n`;
  await enforcer.check();
  expect(log()).toContain(`wg set slot1 peer ${foreign} remove`);
  expect(log()).toContain(`PublicKey = ${keys[0]}\n  AllowedIPs = 100.64.0.11/32`);
  expect(log()).toContain(`PublicKey = ${keys[1]}\n  AllowedIPs = 100.64.0.12/32`);
  expect(reports[0]).toBe('tunnels: slot1: 1 peers removed; slot1: 2 peers set');
});

test('a tunnel is made anew when there is none, and left alone when reading it fails for another reason', async () => {
  const fails = (stderr: string) =>
    (refuses = (argv) => {
      if (argv === 'wg show slot1 dump' && !kernel.text().includes('type wireguard'))
        throw new KernelError(argv.split(' '), 'ended with 1', stderr);
      return false;
    });
  fails('');
  await enforcer.check();
  expect(log()).not.toContain('ip link del');
  expect(reports.at(-1)).toContain('failed: ');
  refuses = () => false;
  await enforcer.check();
  expect(enforcer.isWhole()).toBe(true);
  expect(log()).not.toMatch(/flush|element/);
  fails('Unable to access interface: No such device');
  await enforcer.check();
  expect(log()).toContain('ip link del dev slot1\nip link add dev slot1 type wireguard');
});

test('a failure half way is made good by the next check, from the state and not from memory', async () => {
  refuses = (argv) => argv === 'nft -f -';
  await enforcer.change(state, NO_ROWS, { ...NO_GONE, reach: [[USER, 1]] });
  expect(enforcer.isWhole()).toBe(false);
  refuses = () => false;
  kernel.clear();
  await enforcer.check();
  // All shards are replaced, and with them the one that the withdrawal is about.
  for (const shard of [0, 11, 63]) expect(log()).toContain(`flush chain ip parkway upward${shard}\n`);
  expect(log()).toContain('delete set ip parkway bound24s11');
  expect(log()).not.toContain('100.64.0.11 . 1');
  expect(enforcer.isWhole()).toBe(true);
});

test('a snapshot changes what differs and nothing else: withdrawals of all first, then grants', async () => {
  const after = emptyState();
  applyChange(after, rows({ ...BASE, reach: [[OTHER, 2, 3]] }), NO_GONE);
  await enforcer.replace(state, after);
  const transactions = log().split('nft -f -\n').slice(1);
  expect(transactions).toHaveLength(2);
  expect(transactions[0]).toContain('delete element ip parkway bound24s11');
  expect(transactions[0]).not.toContain('add element');
  expect(transactions[1]).toContain('add element ip parkway bound24s12');
  expect(transactions.join()).not.toMatch(/flush (set|map) ip parkway \w+s11/);
  expect(log()).not.toContain('wg ');
  expect(enforcer.isWhole()).toBe(true);
});

test('a change during a start comes between two loads, and its shard is loaded next, as it is by then (VPN-8)', async () => {
  // One user has so much that a load ends with its shard, the 20th.
  const plants = Array.from({ length: 18_000 }, (_, n) => 100 + n);
  const subnets = plants.map((plant) => ({
    subnet: plant,
    plant,
    network: `10.${plant >> 8}.${plant & 255}.0/24`,
    range: `100.${96 + (plant >> 8)}.${plant & 255}.0/24`,
    since: 1,
  }));
  const [large, before, touched] = [toIp(0x64400014), toIp(0x64400028), toIp(0x64400032)];
  const users = [large, before, touched].map((address, n) => ({ address, slot: 1, publicKey: keyOf(n) }));
  const reach: [number, number, number][] = plants.map((plant) => [large, plant, 2]);
  reach.push([before, 100, 2], [touched, 100, 2], [touched, 101, 2]);
  const many = emptyState();
  applyChange(many, rows({ ...BASE, subnets, users, reach }), NO_GONE);
  let changed: Promise<void> | undefined;
  refuses = (_, input) => {
    if (input.includes('flush set ip parkway bound24s20'))
      changed ??= enforcer.change(many, NO_ROWS, { ...NO_GONE, reach: [[touched, 101]] });
    return false;
  };
  await enforcer.converge(many);
  await changed;
  expect(enforcer.isWhole()).toBe(true);
  const loads = log()
    .split('nft -f -\n')
    .filter((text) => /flush chain ip parkway upward\d+\n/.test(text))
    .map((text) => [...text.matchAll(/flush chain ip parkway upward(\d+)/g)].map(([, shard]) => Number(shard)));
  const known = loads.slice(-2);
  expect([known[0]?.[0], known[0]?.at(-1), known[1]?.[0], known[1]?.[1]]).toEqual([0, 20, 50, 21]);
  expect(log()).not.toContain('delete element');
  expect(log()).toContain('100.64.0.50 . 1 . 0x00646064');
  expect(log()).not.toContain('100.64.0.50 . 1 . 0x00656064');
}, 30_000);

test('a foreign change of elements is compared shard by shard, and only what differs is replaced (VPN-6)', async () => {
  const right = `table ip parkway {
	set bound24s11 {
		elements = { 100.64.0.11 . 0x00000001 . 0x00016064, 100.64.0.11 . 0x00000000 . 0x00016064 }
	}
	map r24s11 {
		elements = { 100.64.0.11 . 0x0001a8c0 : 100.96.1.0/24 }
	}
}`;
  listed = () => right;
  const elements = { detail: 'elements', isFrame: false, sets: ['bound24s11', 'limited'] };
  await enforcer.foreign(elements);
  expect(log()).not.toContain('nft -f -');
  expect(reports).toEqual([]);
  listed = () => right.replace(', 100.64.0.11 . 0x00000000 . 0x00016064', ', 100.64.0.11 . 0x00000000 . 0x00026064');
  await enforcer.foreign(elements);
  expect(reports).toEqual([
    'rules: 1 elements removed: bound24s11 100.64.0.11 . 0 . 0x00026064; 1 elements added: bound24s11 100.64.0.11 . 0 . 0x00016064',
  ]);
  expect(log().match(/nft -f -/g)).toHaveLength(1);
  expect(log()).not.toMatch(/chain ip parkway \w+12\n/);
  // The sweep finds what no event told.
  kernel.clear();
  expect(await enforcer.sweepShard(11)).toBe(3);
  expect(log()).toContain('flush set ip parkway bound24s11');
});

test('a foreign rule or chain is gone at once, and no element is touched for it (VPN-6)', async () => {
  chains = 'table ip parkway {\n\tchain mine {\n\t\ttype filter hook forward priority 0; policy drop;\n\t}\n}\n';
  await enforcer.foreign({ detail: 'rules were changed', isFrame: true, sets: [] });
  expect(log()).toContain('flush chain ip parkway forward_');
  expect(log()).toContain('@bound24s11 goto admit');
  expect(log()).toContain('delete chain ip parkway mine');
  expect(log()).not.toMatch(/element|flush (set|map|table)/);
  expect(reports).toEqual(['rules: rules were changed']);
});

test('a change while a snapshot is brought in takes its user all the way: nothing is done twice, and nothing granted that it withdraws', async () => {
  const after = emptyState();
  applyChange(after, rows({ ...BASE, reach: [[OTHER, 2, 3]] }), NO_GONE);
  const replaced = enforcer.replace(state, after);
  await enforcer.change(after, rows({ reach: [[OTHER, 1, 4]] }), { ...NO_GONE, reach: [[OTHER, 2]] });
  await replaced;
  const transactions = log().split('nft -f -\n').slice(1);
  expect(transactions.filter((text) => text.includes('delete element ip parkway bound24s11'))).toHaveLength(1);
  const last = transactions.findLast((text) => text.includes('bound24s12'));
  expect(transactions.join()).not.toContain('100.64.0.12 . 1 . 0x00026064');
  expect(last).toContain('add element ip parkway bound24s12 { 100.64.0.12 . 1 . 0x00016064');
  expect(reports).toEqual([]);
  expect(enforcer.isWhole()).toBe(true);
});
