import { type PrivateKey, type PublicKey, parsePublicKey } from '../net/keys.ts';
import { KernelError, type Runner } from './run.ts';

/** A peer as we want it. Its endpoint and keepalive are set when given and left alone otherwise. */
export interface WgPeer {
  readonly publicKey: PublicKey;
  /** Prefixes as text. Replaces what the peer had. */
  readonly allowedIps: readonly string[];
  /** `address:port` */
  readonly endpoint?: string;
  /** Seconds. */
  readonly keepalive?: number;
}

/** A peer as the kernel has it. */
export interface WgPeerState {
  readonly publicKey: PublicKey;
  readonly endpoint: string | undefined;
  readonly allowedIps: readonly string[];
  /** Last handshake in Unix seconds; 0 when there was none. */
  readonly handshake: number;
  readonly rx: number;
  readonly tx: number;
  readonly keepalive: number | undefined;
}

/** An interface as the kernel has it. The private key is read by `wg` and dropped here. */
export interface WgState {
  readonly publicKey: PublicKey | undefined;
  readonly port: number;
  /** 0 when none. */
  readonly fwmark: number;
  readonly peers: ReadonlyMap<PublicKey, WgPeerState>;
}

/** What an interface itself is set to. */
export interface WgSettings {
  readonly privateKey: PrivateKey;
  readonly port?: number;
  readonly fwmark?: number;
}

/** As many keys as go on one command line. */
const KEYS_PER_COMMAND = 500;

/** As many peers as one run of `wg` sets: what it reads and writes stays small. */
const PEERS_PER_COMMAND = 1000;

/**
 * Creates a WireGuard interface: the kernel's own where it has the module, else one of `wireguard-go`, which lives on
 * when the daemon that started it dies. Its messages go nowhere: a pipe to a dead daemon would kill it.
 */
export async function createWgInterface(runner: Runner, name: string): Promise<void> {
  try {
    await runner.run(['ip', 'link', 'add', 'dev', name, 'type', 'wireguard']);
  } catch (error) {
    if (!(error instanceof KernelError) || !/unknown device type|not supported/i.test(error.stderr)) throw error;
    await runner.run(['env', 'LOG_LEVEL=silent', 'setsid', 'wireguard-go', name]);
  }
}

/** Sets key, port and mark. The key goes through standard input. */
export async function configureWg(runner: Runner, name: string, settings: WgSettings): Promise<void> {
  const port = settings.port === undefined ? [] : ['listen-port', String(settings.port)];
  const mark = settings.fwmark === undefined ? [] : ['fwmark', `0x${settings.fwmark.toString(16)}`];
  await runner.run(['wg', 'set', name, ...port, ...mark, 'private-key', '/dev/stdin'], {
    input: `${settings.privateKey.reveal()}\n`,
  });
}

/** Adds peers, or replaces what is given of those that are there. */
export async function setWgPeers(runner: Runner, name: string, peers: readonly WgPeer[]): Promise<void> {
  for (let at = 0; at < peers.length; at += PEERS_PER_COMMAND) {
    const part = peers.slice(at, at + PEERS_PER_COMMAND);
    await runner.run(['wg', 'addconf', name, '/dev/stdin'], { input: part.map(peerText).join('') });
  }
}

/** Removes peers; a key that is not there is no error. */
export async function removeWgPeers(runner: Runner, name: string, keys: readonly PublicKey[]): Promise<void> {
  for (let at = 0; at < keys.length; at += KEYS_PER_COMMAND) {
    const part = keys.slice(at, at + KEYS_PER_COMMAND);
    await runner.run(['wg', 'set', name, ...part.flatMap((key) => ['peer', key, 'remove'])]);
  }
}

/** Removes a peer and adds it again, in one command: it forgets its sessions, and packets for it wait for the next handshake. */
export async function renewWgPeer(runner: Runner, name: string, peer: WgPeer): Promise<void> {
  const endpoint = peer.endpoint === undefined ? [] : ['endpoint', peer.endpoint];
  const keepalive = peer.keepalive === undefined ? [] : ['persistent-keepalive', String(peer.keepalive)];
  const add = ['peer', peer.publicKey, 'allowed-ips', peer.allowedIps.join(','), ...endpoint, ...keepalive];
  await runner.run(['wg', 'set', name, 'peer', peer.publicKey, 'remove', ...add]);
}

/** Reads an interface back. Throws `KernelError` when it is not there, or its wireguard-go is dead. */
export async function readWg(runner: Runner, name: string): Promise<WgState> {
  return parseWgDump(await runner.run(['wg', 'show', name, 'dump']));
}

/**
 * Reads all interfaces of a network namespace back, with one process. Throws `KernelError` when one of them does not answer: then
 * `readWg` says which.
 */
export async function readAllWg(runner: Runner): Promise<Map<string, WgState>> {
  const lines = (await runner.run(['wg', 'show', 'all', 'dump'])).split('\n').filter((line) => line !== '');
  const byName = Map.groupBy(lines, (line) => line.slice(0, line.indexOf('\t')));
  return new Map(
    [...byName].map(([name, own]) => [name, parseWgDump(own.map((line) => line.slice(name.length + 1)).join('\n'))]),
  );
}

/** The peers that shook hands since the interface is there. Throws `KernelError` when it is not. */
export async function readContacts(runner: Runner, name: string): Promise<ReadonlySet<string>> {
  const text = await runner.run(['wg', 'show', name, 'latest-handshakes']);
  return new Set(text.split('\n').flatMap((line) => /^(\S+)\t[1-9]/.exec(line)?.[1] ?? []));
}

/** Parses the output of `wg show X dump`. */
export function parseWgDump(text: string): WgState {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const [, publicKey = '(none)', port = '0', fwmark = 'off'] = head.split('\t');
  return {
    publicKey: parsePublicKey(publicKey),
    port: Number(port),
    fwmark: fwmark === 'off' ? 0 : Number(fwmark),
    peers: new Map(lines.flatMap(parsePeer).map((peer) => [peer.publicKey, peer])),
  };
}

function parsePeer(line: string): WgPeerState[] {
  const [key = '', , endpoint = '', allowedIps = '', handshake, rx, tx, keepalive = 'off'] = line.split('\t');
  const publicKey = parsePublicKey(key);
  if (publicKey === undefined) return [];
  return [
    {
      publicKey,
      endpoint: endpoint === '(none)' ? undefined : endpoint,
      allowedIps: allowedIps === '(none)' ? [] : allowedIps.split(','),
      handshake: Number(handshake),
      rx: Number(rx),
      tx: Number(tx),
      keepalive: keepalive === 'off' ? undefined : Number(keepalive),
    },
  ];
}

function peerText(peer: WgPeer): string {
  const endpoint = peer.endpoint === undefined ? '' : `Endpoint = ${peer.endpoint}\n`;
  const keepalive = peer.keepalive === undefined ? '' : `PersistentKeepalive = ${peer.keepalive}\n`;
  return `[Peer]\nPublicKey = ${peer.publicKey}\nAllowedIPs = ${peer.allowedIps.join(', ')}\n${endpoint}${keepalive}`;
}
