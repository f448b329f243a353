import { Command } from 'commander';
import { enrollmentTokenSchema } from '../../wire/rest/agents.ts';
import { gatewaySchema, newGatewaySchema, regionSchema } from '../../wire/rest/platform.ts';
import { type Api, connect } from '../client.ts';
import {
  type Changing,
  type Common,
  changing,
  conclude,
  removeAt,
  removing,
  show,
  showTable,
  verb,
} from '../command.ts';
import type { Context } from '../context.ts';
import { isId, pick } from '../names.ts';
import { NONE } from '../table.ts';

// Control says no command for a gateway: how one is run is the operator's.
const gatewayTokenSchema = enrollmentTokenSchema.omit({ command: true });

/** `parkway gateways …`: the machines that clients and agents connect to. */
export function gatewaysCommand(context: Context): Command {
  const noun = new Command('gateways').description('Gateways. For platform administrators.');
  verb(noun, 'list', 'all of them', 'gateways').action((options: Common) => listGateways(context, options));
  changing(noun, 'add <name>', 'make one, with a token to enrol it', 'gateways add gw-eu-1 --region eu')
    .requiredOption('--region <region>', 'its region, by name or id')
    .action((name: string, options: Changing & { region: string }) => addGateway(context, name, options));
  verb(noun, 'enroll <gateway>', 'another token to enrol it', 'gateways enroll gw-eu-1').action(
    async (text: string, options: Common) => {
      const api = await connect(context);
      const path = `/platform/gateways/${await gatewayId(api, text)}/enrollment-tokens`;
      const answer = await api.send('POST', path, undefined, gatewayTokenSchema);
      show(context, options, answer, ({ token }) => `${token}\n`);
      context.terminal.err(sayToken(answer.value.expiresAt));
    },
  );
  removing(noun, 'remove <gateway>', 'no longer accept it', 'gateways remove gw-eu-1').action(
    (text: string, options: Changing) =>
      removeAt(context, options, async (api) => `/platform/gateways/${await gatewayId(api, text)}`, {
        question: `No longer accept the gateway ${text}?`,
        done: `${text} is no longer accepted.`,
      }),
  );
  return noun;
}

async function listGateways(context: Context, options: Common): Promise<void> {
  const api = await connect(context);
  const answer = await api.list('/platform/gateways', gatewaySchema);
  showTable(context, options, answer, 'There are no gateways.', (all) => ({
    columns: ['region', 'gateway', 'state', 'revision', 'endpoint', 'address', 'id'],
    grouped: 1,
    colors: { connected: 'green', disconnected: 'red', waiting: 'yellow' },
    rows: all.map((one) => [
      one.region.name,
      one.name,
      one.state,
      String(one.applied ?? NONE),
      one.endpoint ?? NONE,
      one.address,
      one.id,
    ]),
  }));
}

async function addGateway(context: Context, name: string, options: Changing & { region: string }): Promise<void> {
  const api = await connect(context);
  const regions = isId(options.region) ? [] : (await api.list('/platform/regions', regionSchema)).value;
  const regionId = isId(options.region)
    ? options.region
    : pick(regions, options.region, (one) => [one.name], 'region', 'parkway regions').id;
  const answer = await api.send('POST', '/platform/gateways', { name, regionId }, newGatewaySchema);
  await conclude(context, api, options, answer, ({ enrollmentToken }) => `${enrollmentToken}\n`);
  context.terminal.err(sayToken(answer.value.enrollmentExpiresAt));
}

async function gatewayId(api: Api, text: string): Promise<string> {
  if (isId(text)) return text;
  const { value } = await api.list('/platform/gateways', gatewaySchema);
  return pick(value, text, ({ name }) => [name], 'gateway', 'parkway gateways').id;
}

function sayToken(expiresAt: string): string {
  return `The enrolment token works once, until ${expiresAt}. Give it to the gateway when it asks.\n`;
}
