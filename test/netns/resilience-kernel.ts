/** What a gateway's kernel holds, and what it should hold by the rows of the database, in one form so that they compare. */
import { type Elements, peersOf } from '../../src/gateway/compile.ts';
import { compileAll } from '../../src/gateway/reconcile.ts';
import { NO_GONE, applyChange, emptyState } from '../../src/gateway/state.ts';
import { tunnelDevices } from '../../src/gateway/tunnels.ts';
import { DEFAULT_POOLS } from '../../src/net/pools.ts';
import type { Db } from '../../src/store/db.ts';
import { catchUp } from '../../src/store/sync.ts';
import { toDaemon } from '../../src/wire/sync.ts';
import type { TestLab } from './resilience-lab.ts';

/** What lets packets through: elements of sets and maps (`name element`, or `name element : value`), and peers, sorted. */
export interface Held {
  readonly elements: readonly string[];
  readonly peers: readonly string[];
}

/** Reads it from a gateway's kernel. */
export async function heldBy(lab: TestLab, gateway: string): Promise<Held> {
  const table = await lab.on(gateway, ['nft', 'list', 'table', 'ip', 'parkway']);
  const sets = table.matchAll(/(?:set|map) ((?:r|bound)\d+s\d+) \{[^{}]*?elements = \{([^}]*)\}/g);
  const peers = await lab.on(gateway, ['wg', 'show', 'all', 'allowed-ips']);
  return {
    elements: [...sets]
      .flatMap(([, name, elements = '']) => elements.split(',').map((element) => `${name} ${element.trim()}`))
      .map(plainMark)
      .sort(),
    peers: peers
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/))
      .map(([dev = '', key = '', ...ips]) => peerText(dev, key, ips))
      .sort(),
  };
}

/** Compiles it from all rows of the database, as they are now. */
export async function wantedBy(db: Db): Promise<Held> {
  const state = emptyState();
  for await (const message of catchUp(db, 0, (_, key) => key)) {
    const parsed = toDaemon.parse(message);
    if (parsed.type === 'snapshot') applyChange(state, parsed.rows, NO_GONE);
  }
  const peers = tunnelDevices(state).flatMap((dev) => peersOf(state, dev));
  return {
    elements: asText(compileAll(state, DEFAULT_POOLS).elements),
    peers: peers.map(({ dev, publicKey, allowedIps }) => peerText(dev, publicKey, allowedIps)).sort(),
  };
}

function asText(elements: Elements): string[] {
  return [...elements].map(([key, value]) => (value === '' ? key : `${key} : ${value}`)).sort();
}

/** The kernel prints the small number of a mark in full. */
function plainMark(element: string): string {
  return element.replace(/ 0x0000000([01]) \. /, ' $1 . ');
}

function peerText(dev: string, key: string, ips: readonly string[]): string {
  return `${dev} ${key} ${[...ips].sort().join(' ')}`;
}
