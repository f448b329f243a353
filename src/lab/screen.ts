import { fileURLToPath } from 'node:url';
import { renderBeside } from './size/beside.ts';
import type { Status } from './status.ts';

const programs = fileURLToPath(new URL('../../bin', import.meta.url));

/** What a person reads when the lab is up: where to click, and what to type next. */
export function welcome(status: Status): string {
  const inverter = status.plants?.flatMap(({ devices }) => devices).find(({ host }) => host === 'inverter.gruenau');
  const named = status.name === 'default' ? '' : ` --name ${status.name}`;
  const beside = status.beside === null ? '' : `\n  Beside: ${renderBeside(status.beside)}\n`;
  const first = status.accounts.find(({ email }) => email === FIRST);
  const others = status.accounts.filter((account) => account !== first);
  return `
  Open  ${status.url}  and sign in as  ${first?.email ?? ''} / ${first?.password ?? ''}

${section('  Or as', others.map(personOf))}
${beside}
  What you reach is shown under Profile, VPN: make a certificate there, and bring it up on a laptop of the lab:

    export PATH=${programs}:$PATH
    parkway lab connect${named} laptop-1 ~/Downloads/parkway.conf
    parkway lab exec${named} laptop-1 -- curl http://${inverter?.address ?? ''}/

  Command line:  PARKWAY_URL=${status.url} parkway login        Hosts, plants:  parkway lab status${named}
  Break things:  parkway lab fail${named} gw-eu-1, restore      End:            parkway lab down${named}

  A WireGuard client outside the lab cannot reach ${status.slot.address}: use one of the lab's laptops, which run nothing of Parkway's.
`;
}

/** Who sees most of the product at once: people, plants, grants, a contested range. */
const FIRST = 'administrator@sunfield.test';

function personOf({ email, password, role, organization }: Status['accounts'][number]): string[] {
  return [email, password, role.replaceAll('_', ' '), organization ?? ''];
}

/** A status for people. */
export function render(status: Status): string {
  const accounts = status.accounts.map(personOf);
  const hosts = status.hosts.map((host) => [
    host.name,
    host.state,
    host.role === 'edge' ? host.address : host.addresses.join(' '),
    host.daemons
      .map(({ name, alive, restarts }) => `${name}${alive ? '' : ' (starting)'}${restarts > 0 ? ` ↻${restarts}` : ''}`)
      .join(', '),
  ]);
  const plants = status.plants?.map((plant) => [
    plant.name,
    plant.organization,
    plant.subnets.map(({ network, alias }) => `${network} (alias ${alias ?? 'none'})`).join(' '),
    plant.agent.state,
    plant.agent.paths.map(({ gateway, up }) => `${gateway} ${up ? 'up' : 'down'}`).join(', '),
  ]);
  const gateways = status.gateways?.map(({ name, endpoint, state, applied }) => [
    name,
    state,
    endpoint ?? '',
    `revision ${applied ?? 0}`,
  ]);
  return [
    `${status.name}: ${status.state}, ${status.url} (API ${status.api})`,
    section('Hosts', hosts),
    section('Gateways', gateways),
    section('Plants', plants),
    ...(status.beside === null ? [] : [`Beside: ${renderBeside(status.beside)}`]),
    section('Accounts', accounts),
    `Devices: user ${status.devices.user}, password ${status.devices.password}, SSH key ${status.devices.keyFile}`,
    `Files and logs: ${status.stateDirectory}\n`,
  ].join('\n\n');
}

function section(title: string, rows: readonly (readonly string[])[] | undefined): string {
  if (rows === undefined) return `${title}\n  control does not answer`;
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((cell, index) => Math.max(known[index] ?? 0, cell.length)),
    [],
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return [title, ...rows.map((row) => `  ${line(row)}`)].join('\n');
}
