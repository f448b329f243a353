import { randomBytes } from 'node:crypto';
import { type Socket, createSocket } from 'node:dgram';
import { type Ip, formatIp } from '../net/ip.ts';
import { type FromDaemonJson, PROBE_PORT } from '../wire/sync.ts';
import { type Agents, type Split, trackPaths } from './paths.ts';

export interface ProbeDeps {
  /** The gateway's own infrastructure address: probes go out from it, and so by the agents' interface. */
  readonly address: Ip;
  /** The agents of this moment, by plant number. */
  readonly agents: () => Agents;
  /** Reads which agents have dialled in, by their keys. */
  readonly readContacts: () => Promise<ReadonlySet<string>>;
  /** Tells control. False when it could not be told. */
  readonly send: (message: FromDaemonJson) => boolean;
}

/** Path probes that run until they are stopped. */
export interface Probes {
  /** Reads anew which agents can be reached. Returns how many agents there are. */
  lookForContacts(): Promise<number>;
  /** Control is there and knows nothing: tell it all. */
  tellAll(): void;
  stop(): void;
}

const ROUND_MS = 1000;

/** What one message to control holds at most; see `wire/sync`. */
const PLANTS_PER_MESSAGE = 100_000;

/**
 * With so many agents only those are probed that have dialled in. WireGuard may keep what is sent to a peer that it knows no
 * way to (wireguard-go does, kilobytes for each), for a minute and a half.
 */
const MANY = 1000;

/** Sends a datagram to every agent each second, more seldom to those long silent, and reports which paths are up, at once when one changes. */
export function startProbes(deps: ProbeDeps): Probes {
  const paths = trackPaths();
  let socket: Socket | undefined;
  let isAllDue = false;
  let contacts: ReadonlySet<string> = new Set();

  function open(): void {
    const opened = createSocket('udp4', (message, from) => {
      if (from.port !== PROBE_PORT) return;
      paths.answered(from.address, message.toString('hex'));
      reportChanges();
    });
    const drop = () => {
      opened.close();
      if (socket === opened) socket = undefined;
    };
    // The address is not there yet, or the interface went away with it: the next round tries again.
    opened.on('error', drop);
    opened.bind(0, formatIp(deps.address), () => (socket = opened));
  }

  /** Says all when that is due and known, else what changed. All are looked at: not for each answer of ten thousand. */
  function report(): void {
    const all = isAllDue ? paths.all() : undefined;
    if (all === undefined) return reportChanges();
    isAllDue = false;
    paths.changes();
    say(true, all);
  }

  function reportChanges(): void {
    const changes = paths.changes();
    if (changes.up.length + changes.down.length > 0) say(false, changes);
  }

  /** What could not be said is said in full once control is back. */
  function say(full: boolean, { up, down }: Split): void {
    deps.send({ type: 'paths', full, up: up.slice(0, PLANTS_PER_MESSAGE), down: down.slice(0, PLANTS_PER_MESSAGE) });
  }

  function round(): void {
    const agents = deps.agents();
    const probes = paths.round(agents, newNonce, ({ publicKey }) => agents.size < MANY || contacts.has(publicKey));
    report();
    if (socket === undefined) return open();
    for (const { address, nonce } of probes)
      socket.send(Buffer.from(nonce, 'hex'), PROBE_PORT, address, () => undefined);
  }

  open();
  const timer = setInterval(round, ROUND_MS);
  return {
    lookForContacts: async () => {
      const { size } = deps.agents();
      if (size >= MANY) contacts = await deps.readContacts();
      return size;
    },
    tellAll: () => {
      isAllDue = true;
      report();
    },
    stop: () => {
      clearInterval(timer);
      socket?.removeAllListeners('error').on('error', () => undefined);
      socket?.close();
    },
  };
}

function newNonce(): string {
  return randomBytes(16).toString('hex');
}
