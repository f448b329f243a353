/**
 * The lab of the isolation tests: people connected from their laptops, what they do there, and eyes on every wire.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type LabDriver, openLabDriver } from './lab-driver.ts';
import { type Place, type Running, must, until } from './support.ts';

/** Operator of Grünau. */
export const OLGA = { email: 'operator@sunfield.test', laptop: 'laptop-1' } as const;
/** Operator of Husum. His client sends everything through the tunnel. */
export const OLE = { email: 'operator@nordwind.test', laptop: 'laptop-2' } as const;
/** Operator of Grünau by a cooperation. */
export const OSKAR = { email: 'operator@voltcare.test', laptop: 'laptop-3' } as const;
/** Operator of Grünau and Saale by a portfolio. */
export const OTTO = { email: 'portfolio-operator@sunfield.test', laptop: 'laptop-4' } as const;
export const PEOPLE = [OLGA, OLE, OSKAR, OTTO] as const;
export type Person = (typeof PEOPLE)[number];

export const SUNFIELD = 'administrator@sunfield.test';
export const PLATFORM = 'platform@parkway.test';

/** Where devices stream: TCP and UDP here, an echo and bulk data on the next ports. */
export const STREAMS = 5000;

export interface World {
  readonly lab: LabDriver;
  at(host: string): Place;
  /** A person's tunnel address. */
  address(person: Person): string;
  /** Starts a program that lasts as long as the test does. */
  start(host: string, ...argv: string[]): Running;
  /** Ends what was started. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

const script = (name: string) => join(import.meta.dirname, `system-${name}.py`);

/** Brings the lab up, with everybody connected. */
export async function openWorld(): Promise<World> {
  const lab = await openLabDriver([...PEOPLE.map(({ email }) => email), SUNFIELD, PLATFORM]);
  const started: Running[] = [];
  const settle = async () => {
    await Promise.all(started.splice(0).map((running) => running.end()));
  };
  const close = async () => {
    await settle();
    await lab.down();
  };
  try {
    const hosts = [...lab.status.hosts.map(({ name }) => name), 'site-gruenau', 'home-1'];
    const places = new Map(await Promise.all(hosts.map(async (name) => [name, await lab.host(name)] as const)));
    const addresses = new Map<Person, string>();
    for (const person of PEOPLE) addresses.set(person, await connect(lab, person));
    const at = (host: string): Place => {
      const place = places.get(host);
      if (place === undefined) throw new Error(`there is no ${host}`);
      return place;
    };
    const start = (host: string, ...argv: string[]) => {
      const running = at(host).start(argv);
      started.push(running);
      return running;
    };
    return { lab, at, start, settle, close, address: (person) => addresses.get(person) ?? '' };
  } catch (error) {
    await close();
    throw error;
  }
}

async function connect(lab: LabDriver, { email, laptop }: Person): Promise<string> {
  const conf = join(lab.folder, `${laptop}.conf`);
  await lab.parkway(email, 'certificate', 'issue', '--out', conf, '--wait');
  const text = await readFile(conf, 'utf8');
  if (email === OLE.email) await writeFile(conf, text.replace(/^AllowedIPs = .*$/m, 'AllowedIPs = 0.0.0.0/0'));
  await lab.parkway(email, 'lab', 'connect', laptop, conf);
  return /Address = ([\d.]+)/.exec(text)?.[1] ?? '';
}

/** The alias of a host of a plant's subnet, or where it is hidden: an address in the subnet's unique range. */
export async function uniqueOf(world: World, slug: string, address: string): Promise<string> {
  const text = await must(world.at(`plant-${slug}`), 'nft -j list map ip parkway_agent ranges');
  const ranges: { nftables: { map?: { elem?: [Prefix, Prefix][] } }[] } = JSON.parse(text);
  for (const [unique, network] of ranges.nftables.flatMap(({ map }) => map?.elem ?? [])) {
    const mask = -(2 ** (32 - network.prefix.len));
    if ((number(address) & mask) === (number(network.prefix.addr) & mask))
      return dotted((number(unique.prefix.addr) & mask) | (number(address) & ~mask));
  }
  throw new Error(`${slug} has no ${address}`);
}
interface Prefix {
  readonly prefix: { readonly addr: string; readonly len: number };
}
const number = (address: string) => address.split('.').reduce((all, byte) => (all << 8) | Number(byte), 0);
const dotted = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

/** Sends packets (see system-packets.py) out of an interface; resolves with what arrived until `seconds` later. */
export async function send(
  place: Place,
  device: string,
  packets: readonly string[],
  seconds = 1,
  perSecond = 1000,
): Promise<string[]> {
  const words = [device, seconds, perSecond].join(' ');
  const text = await must(place, `python3 ${script('packets')} ${words}`, `${packets.join('\n')}\n`);
  return text.split('\n').filter((line) => line !== '');
}

/** Sends packets; resolves a second after what arrived is as it must be, with all that arrived. */
export async function exchange(
  place: Place,
  device: string,
  packets: readonly string[],
  check: (answers: readonly string[]) => void,
): Promise<string[]> {
  const line = `exec python3 ${script('packets')} ${device} 60 1000 << end\n${packets.join('\n')}\nend`;
  const exchanging = place.start(['sh', '-c', line]);
  const answers = () => exchanging.output().match(/^.+$/gm) ?? [];
  try {
    await until(() => check(answers()));
    await quiet();
  } finally {
    await exchanging.end();
  }
  return answers();
}

/** Answers on ports of every address of a host; whoever comes is in its output. */
export async function serve(world: World, host: string, ...ports: number[]): Promise<Running> {
  const service = world.start(host, 'python3', script('service'), ...ports.map(String));
  await until(() => expect(service.output()).toContain('ready'));
  return service;
}

/** Has a device serve streams. It goes on to send UDP to whoever has been quiet for less than `seconds`. */
export async function serveStreams(world: World, device: string, seconds = 3): Promise<void> {
  const server = world.start(device, 'python3', script('stream'), 'serve', String(STREAMS), String(seconds));
  await until(() => expect(server.output()).toContain('ready'));
}

/** Opens TCP and UDP from a laptop to a device, and talks on both; resolves when both were answered. */
export async function hold(world: World, person: Person, target: string, marker: string): Promise<Running> {
  const words = ['hold', world.address(person), target, String(STREAMS), marker];
  const held = world.start(person.laptop, 'python3', script('stream'), ...words);
  await until(() => expect(held.output()).toMatch(/udp up/));
  await until(() => expect(held.output()).toMatch(/tcp \S+ up/));
  return held;
}

/** Runs another mode of system-stream.py on a laptop to its end. */
export function stream(world: World, person: Person, mode: string, target: string, amount: number): Promise<string> {
  const words = [mode, world.address(person), target, STREAMS, amount].join(' ');
  return must(world.at(person.laptop), `python3 ${script('stream')} ${words}`);
}

/** An eye on a wire. */
export interface Watch {
  /** The packets seen so far, each with its time in seconds since 1970; and everything that was printed. */
  packets(): string[];
  text(): string;
  end(): Promise<void>;
}

/** Watches an interface; resolves when it sees. `options` are tcpdump's. */
export async function watch(world: World, host: string, device: string, filter: string, ...options: string[]) {
  const flags = ['-l', '-n', '-tt', '--immediate-mode', '-B', '16384', ...options];
  const capture = world.start(host, 'tcpdump', ...flags, '-i', device, filter);
  await until(() => expect(capture.output()).toContain('listening on'));
  const seen: Watch = {
    packets: () => capture.output().match(/^\d+\.\d+ .*$/gm) ?? [],
    text: () => capture.output(),
    end: () => capture.end(),
  };
  return seen;
}

/** Stops a daemon of a host while something is done, so that it can repair nothing. */
export async function withoutDaemon<T>(place: Place, folder: string, work: () => Promise<T>): Promise<T> {
  const signal = (name: string) => must(place, `kill -${name} $(pgrep -f '[s]rc/${folder}/main.ts')`);
  await signal('STOP');
  try {
    return await work();
  } finally {
    await signal('CONT');
  }
}

/** Waits until a device answers a person. */
export function reaches(world: World, person: Person, target: string): Promise<void> {
  return until(async () => {
    const { ok, text } = await world.at(person.laptop).sh(`ping -c1 -W1 -I wg0 ${target}`);
    if (!ok) throw new Error(`${person.laptop} does not reach ${target}: ${text}`);
  }, 30_000);
}

/** Lets time pass in which something must not happen. */
export function quiet(ms = 1000): Promise<void> {
  return delay(ms);
}
