/**
 * A gateway with users and plants for its tests. Laptops are stock WireGuard behind a NAT; a plant is a plain WireGuard peer
 * that answers on the addresses of its unique range itself.
 *
 *   laptop1 (10.1.1.2) ┐
 *                      nat (198.51.2.2) ── edge ── gateway (198.51.1.2, slot 203.0.113.1)
 *   laptop2 (10.1.2.2) ┘                    ├──── plant1 (198.51.11.2), plant2 (198.51.12.2)
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ip, parseIp } from '../../src/net/ip.ts';
import { type KeyPair, newKeyPair, sealTo } from '../../src/net/keys.ts';
import type { RowsJson } from '../../src/wire/state.ts';
import { type TestControl, startTestControl } from './gateway-control.ts';
import { type Machine, type Running, bootMachine, cable, must, until } from './support.ts';

const ROOT = join(import.meta.dirname, '../..');
const DEVICE = join(import.meta.dirname, 'gateway-device.py');

export const ip = (text: string): Ip => {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new RangeError(text);
  return parsed;
};

/** Addresses of the world. Plants 1 and 2 have the same network, 192.168.1.0/24. */
export const USER1 = '100.64.0.11';
export const USER2 = '100.64.0.12';
export const NETWORK = '192.168.1.0/24';
export const RANGE1 = '100.96.1.0/24';
export const RANGE2 = '100.96.2.0/24';

export interface World {
  readonly gateway: Machine;
  readonly edge: Machine;
  readonly laptops: readonly [Machine, Machine];
  readonly plants: readonly [Machine, Machine];
  readonly control: TestControl;
  readonly stateDir: string;
  /** The rows of a world in which user 1 reaches plant 1 and user 2 nothing. */
  readonly rows: RowsJson;
  startGateway(env?: Record<string, string>): Running;
  /** Brings a laptop up with a key, as a stock client would. */
  connect(laptop: Machine, key: KeyPair, address: string, allowedIps: string): Promise<void>;
  readonly userKeys: readonly [KeyPair, KeyPair];
  close(): Promise<void>;
}

/** Builds the world, starts the gateway, and waits until user 1 reaches plant 1. */
export async function buildWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-test-'));
  const machines = [
    await bootMachine('gateway'),
    await bootMachine('edge'),
    await bootMachine('nat'),
    await bootMachine('laptop1'),
    await bootMachine('laptop2'),
    await bootMachine('plant1'),
    await bootMachine('plant2'),
  ] as const;
  const [gateway, edge, nat, laptop1, laptop2, plant1, plant2] = machines;
  await plug(gateway, edge, nat, [laptop1, laptop2], [plant1, plant2]);
  const control = await startTestControl(join(folder, 'control.sock'), ip('100.80.0.1'));
  gateway.start([
    'socat',
    'TCP-LISTEN:8080,bind=127.0.0.1,fork,reuseaddr',
    `UNIX-CONNECT:${join(folder, 'control.sock')}`,
  ]);
  // Services that nobody may reach by a tunnel.
  gateway.start(['socat', 'TCP-LISTEN:22,fork,reuseaddr', 'SYSTEM:echo gateway']);
  gateway.start([
    'socat',
    'UDP-RECVFROM:68,fork,reuseaddr,broadcast',
    'SYSTEM:cat > /dev/null; echo seen >> /run/broadcast',
  ]);
  edge.start(['socat', 'TCP-LISTEN:22,fork,reuseaddr', 'SYSTEM:echo edge']);
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${'t'.repeat(43)}\n`);
  const stateDir = join(folder, 'state');
  const startGateway = (env: Record<string, string> = {}): Running =>
    gateway.start([process.execPath, join(ROOT, 'src/gateway/main.ts')], {
      PARKWAY_CONTROL_URL: 'http://127.0.0.1:8080',
      PARKWAY_STATE_DIR: stateDir,
      PARKWAY_ENDPOINT: '198.51.1.2:51900',
      PARKWAY_ENROLLMENT_TOKEN_FILE: tokenFile,
      ...env,
    });
  const slot = newKeyPair('x25519');
  const [userKeys, plantKeys] = [
    [newKeyPair('x25519'), newKeyPair('x25519')],
    [newKeyPair('x25519'), newKeyPair('x25519')],
  ] as const;

  startGateway();
  await until(() => control.tunnelKey(), 20_000);
  await plantUp(plant1, plantKeys[0], control.tunnelKey(), '100.80.1.1', ['100.96.1.10', '240.0.1.10'], 'plant1');
  await plantUp(plant2, plantKeys[1], control.tunnelKey(), '100.80.1.2', ['100.96.2.10'], 'plant2');
  const rows: RowsJson = {
    slots: [
      {
        slot: 1,
        address: ip('203.0.113.1'),
        port: 51820,
        publicKey: slot.publicKey,
        sealedKey: sealTo(control.tunnelKey(), 'slot 1', Buffer.from(slot.privateKey.reveal(), 'base64')),
        users: '100.64.0.0/16',
      },
    ],
    gateways: [{ gateway: 1, address: ip('100.80.0.1'), publicKey: control.tunnelKey(), endpoint: '198.51.1.2:51900' }],
    agents: [
      { plant: 1, publicKey: plantKeys[0].publicKey, address: ip('100.80.1.1') },
      { plant: 2, publicKey: plantKeys[1].publicKey, address: ip('100.80.1.2') },
    ],
    subnets: [
      { subnet: 1, plant: 1, network: NETWORK, range: RANGE1, since: 1 },
      { subnet: 2, plant: 2, network: NETWORK, range: RANGE2, since: 1 },
      { subnet: 3, plant: 1, network: '10.16.0.0/16', range: '240.0.0.0/16', since: 1 },
    ],
    users: [
      { address: ip(USER1), slot: 1, publicKey: userKeys[0].publicKey },
      { address: ip(USER2), slot: 1, publicKey: userKeys[1].publicKey },
    ],
    reach: [[ip(USER1), 1, 2]],
    settings: [],
  };
  const connect = async (laptop: Machine, key: KeyPair, address: string, allowedIps: string) => {
    await must(laptop, 'ip link show wg0 >/dev/null 2>&1 || LOG_LEVEL=silent wireguard-go wg0');
    await must(
      laptop,
      'cat > /run/wg0.conf && wg setconf wg0 /run/wg0.conf',
      `[Interface]\nPrivateKey = ${key.privateKey.reveal()}\n[Peer]\nPublicKey = ${slot.publicKey}\nEndpoint = 203.0.113.1:51820\nAllowedIPs = ${allowedIps}\nPersistentKeepalive = 25\n`,
    );
    await must(laptop, `ip addr replace ${address}/32 dev wg0; ip link set wg0 mtu 1420 up`);
    for (const prefix of allowedIps === '0.0.0.0/0' ? ['0.0.0.0/1', '128.0.0.0/1'] : allowedIps.split(',')) {
      await must(laptop, `ip route replace ${prefix} dev wg0 src ${address}`);
    }
    // A whole route must not take the tunnel's own packets.
    await must(laptop, `ip route replace 203.0.113.1 via $(ip -4 route show default | awk '{print $3}')`);
  };
  return {
    gateway,
    edge,
    laptops: [laptop1, laptop2],
    plants: [plant1, plant2],
    control,
    stateDir,
    rows,
    startGateway,
    connect,
    userKeys,
    close: async () => {
      await control.close();
      await Promise.all(machines.map((machine) => machine.kill()));
      await rm(folder, { recursive: true });
    },
  };
}

async function plug(
  gateway: Machine,
  edge: Machine,
  nat: Machine,
  laptops: readonly [Machine, Machine],
  plants: readonly [Machine, Machine],
): Promise<void> {
  await cable([gateway, 'eth0', '198.51.1.2/24'], [edge, 'gw', '198.51.1.1/24']);
  await cable([nat, 'wan', '198.51.2.2/24'], [edge, 'nat', '198.51.2.1/24']);
  for (const [n, laptop] of laptops.entries()) {
    await cable([laptop, 'eth0', `10.1.${n + 1}.2/24`], [nat, `lan${n + 1}`, `10.1.${n + 1}.1/24`]);
    await must(laptop, `ip route add default via 10.1.${n + 1}.1`);
  }
  for (const [n, plant] of plants.entries()) {
    await cable([plant, 'eth0', `198.51.1${n + 1}.2/24`], [edge, `plant${n + 1}`, `198.51.1${n + 1}.1/24`]);
    await must(plant, `ip route add default via 198.51.1${n + 1}.1`);
  }
  await must(gateway, 'ip route add default via 198.51.1.1');
  await must(nat, 'ip route add default via 198.51.2.1; echo 1 > /proc/sys/net/ipv4/ip_forward');
  await must(
    nat,
    'nft -f -',
    'table ip n { chain h { type nat hook postrouting priority srcnat; oifname wan masquerade\n }\n chain f { type filter hook forward priority filter; policy drop; ct state established,related accept\n iifname != wan accept\n }\n }\n',
  );
  await must(edge, 'echo 1 > /proc/sys/net/ipv4/ip_forward; ip route add 203.0.113.1 via 198.51.1.2');
}

async function plantUp(
  plant: Machine,
  key: KeyPair,
  gatewayKey: string,
  own: string,
  devices: readonly string[],
  name: string,
): Promise<void> {
  await must(plant, 'LOG_LEVEL=silent wireguard-go stub');
  await must(
    plant,
    'cat > /run/stub.conf && wg setconf stub /run/stub.conf',
    `[Interface]\nPrivateKey = ${key.privateKey.reveal()}\n[Peer]\nPublicKey = ${gatewayKey}\nEndpoint = 198.51.1.2:51900\nAllowedIPs = 0.0.0.0/0\nPersistentKeepalive = 5\n`,
  );
  for (const address of [own, ...devices]) await must(plant, `ip addr add ${address}/32 dev stub`);
  await must(
    plant,
    'ip link set stub mtu 1420 up; ip route add 100.64.0.0/10 dev stub; ip route add 240.0.0.0/4 dev stub',
  );
  plant.start(['python3', DEVICE, 'serve', name, own, ...devices]);
}
