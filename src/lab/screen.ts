import { fileURLToPath } from 'node:url';
import { renderBeside } from './size/beside.ts';
import type { Status } from './status.ts';

const programs = fileURLToPath(new URL('../../bin', import.meta.url));

/** What a person reads when the lab is up: where to click, and what to type next. */
export function welcome(status: Status): string {
  const operator = status.accounts.find(({ email }) => email === 'operator@sunfield.test');
  const inverter = status.plants?.flatMap(({ devices }) => devices).find(({ host }) => host === 'inverter.gruenau');
  const named = status.name === 'default' ? '' : ` --name ${status.name}`;
  const beside = status.beside === null ? '' : `\nBeside: ${renderBeside(status.beside)}`;
  return `
Parkway is up: ${status.url}${beside}

  Open a device of a plant from a laptop, with a stock WireGuard client:

    export PATH=${programs}:$PATH PARKWAY_URL=${status.url}
    parkway login --email ${operator?.email ?? ''}    # password: ${operator?.password ?? ''}
    parkway certificate issue --out laptop.conf
    parkway lab connect${named} laptop-1 laptop.conf
    parkway lab exec${named} laptop-1 -- curl http://${inverter?.address ?? ''}/
    parkway routes

  Look around:           parkway lab status${named}            (accounts, hosts, plants)
  Enter a host:          parkway lab exec${named} gw-eu-1 -- bash
  Break something:       parkway lab fail${named} gw-eu-1      and  parkway lab restore${named} gw-eu-1
  Log in to a device:    ssh -i ${status.devices.keyFile} service@${inverter?.address ?? ''}   (on a laptop of the lab)
  End it:                parkway lab down${named}

  A WireGuard client outside the lab cannot reach ${status.slot.address}: that address exists in the lab only. Use one of the
  laptops; they run the stock wg-quick and wireguard tools and nothing of Parkway's.
`;
}

/** A status for people. */
export function render(status: Status): string {
  const accounts = status.accounts.map((account) => [
    account.email,
    account.password,
    account.role.replaceAll('_', ' '),
    account.organization ?? '',
  ]);
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
