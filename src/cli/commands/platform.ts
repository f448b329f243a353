import { Command } from 'commander';
import {
  correctionSchema,
  limitHitSchema,
  regionSchema,
  slotSchema,
  verificationSchema,
} from '../../wire/rest/platform.ts';
import { connect } from '../client.ts';
import { type Changing, type Common, changing, conclude, show, showTable, verb, verbless } from '../command.ts';
import type { Context } from '../context.ts';
import { wrongUsage } from '../failures.ts';
import { NONE } from '../table.ts';

/** `parkway regions …`: sets of gateways. The commands of this file are for platform administrators (ACC-7). */
export function regionsCommand(context: Context): Command {
  const noun = new Command('regions').description('Regions: sets of gateways. For platform administrators (ACC-7).');
  verb(noun, 'list', 'all of them', 'regions').action(async (options: Common) => {
    const api = await connect(context);
    showTable(context, options, await api.list('/platform/regions', regionSchema), 'There are no regions.', (all) => ({
      columns: ['region', 'id'],
      rows: all.map(({ name, id }) => [name, id]),
    }));
  });
  verb(noun, 'add <name>', 'make one', 'regions add eu').action(async (name: string, options: Common) => {
    const api = await connect(context);
    const answer = await api.send('POST', '/platform/regions', { name }, regionSchema);
    show(context, options, answer, (made) => `Region ${made.name} has the id ${made.id}.\n`);
  });
  return noun;
}

/** `parkway slots …`: entry points, each an address that every gateway serves. */
export function slotsCommand(context: Context): Command {
  const noun = new Command('slots').description(
    'Slots: the addresses that clients connect to. For platform administrators.',
  );
  verb(noun, 'list', 'all of them', 'slots').action(async (options: Common) => {
    const api = await connect(context);
    showTable(context, options, await api.list('/platform/slots', slotSchema), 'There are no slots.', (all) => ({
      columns: ['slot', 'entry point', 'users', 'public key'],
      rows: all.map((one) => [String(one.number), `${one.address}:${one.port}`, one.users, one.publicKey]),
    }));
  });
  changing(noun, 'add <address:port>', 'announce one', 'slots add 203.0.113.10:51820').action(
    async (text: string, options: Changing) => {
      const [, address, port] = /^(.+):(\d+)$/.exec(text) ?? [];
      if (address === undefined)
        throw wrongUsage(`“${text}” is not an address and a port, such as 203.0.113.10:51820.`);
      const api = await connect(context);
      const answer = await api.send('POST', '/platform/slots', { address, port: Number(port) }, slotSchema);
      await conclude(context, api, options, answer, (made) => `Slot ${made.number} is at ${text}.\n`);
    },
  );
  return noun;
}

/** `parkway verify`: recomputes all access from scratch and corrects what is off (VPN-6). */
export function verifyCommand(context: Context): Command {
  const command = new Command('verify').description(
    'Recompute all access and correct drift. For platform administrators (VPN-6).',
  );
  return verbless(command, 'verify').action(async (options: Common) => {
    const api = await connect(context);
    const answer = await api.send('POST', '/platform/verify', undefined, verificationSchema);
    show(context, options, answer, ({ added, removed }) =>
      added + removed === 0 ? 'Everything was right.\n' : `Corrected: ${added} added, ${removed} removed.\n`,
    );
  });
}

/** `parkway corrections`: what verification, gateways and agents put right (VPN-6). */
export function correctionsCommand(context: Context): Command {
  const command = new Command('corrections').description(
    'What was found wrong and put right. For platform administrators (VPN-6).',
  );
  return verbless(command, 'corrections').action(async (options: Common) => {
    const api = await connect(context);
    const answer = await api.list('/platform/corrections', correctionSchema);
    showTable(context, options, answer, 'Nothing was ever corrected.', (all) => ({
      columns: ['at', 'kind', 'revision', 'detail'],
      rows: all.map((one) => [one.at, one.kind, String(one.revision ?? NONE), JSON.stringify(one.detail)]),
    }));
  });
}

/** `parkway limits`: who met a limit at a gateway (VPN-16). */
export function limitsCommand(context: Context): Command {
  const command = new Command('limits').description(
    'Who met a limit at a gateway. For platform administrators (VPN-16).',
  );
  return verbless(command, 'limits').action(async (options: Common) => {
    const api = await connect(context);
    showTable(
      context,
      options,
      await api.list('/platform/limit-hits', limitHitSchema),
      'Nobody met a limit.',
      (all) => ({
        columns: ['at', 'gateway', 'user', 'packets dropped'],
        rows: all.map((one) => [one.at, one.gateway, one.email, String(one.packets)]),
      }),
    );
  });
}
