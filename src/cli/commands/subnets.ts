import { Command } from 'commander';
import { type SubnetJson, subnetSchema } from '../../wire/rest/subnets.ts';
import { type Api, connect } from '../client.ts';
import { type Changing, type Common, changing, conclude, removeAt, removing, showTable, verb } from '../command.ts';
import type { Context } from '../context.ts';
import { isId, pick, plantId } from '../names.ts';
import { NONE } from '../table.ts';

/** `parkway subnets …`: the CIDRs behind a plant, and their aliases (VPN-10). */
export function subnetsCommand(context: Context): Command {
  const noun = new Command('subnets').description('Subnets of a plant, and their aliases (VPN-10).');
  verb(noun, 'list <plant>', 'all of a plant', 'subnets list Sonnfeld').action((plant: string, options: Common) =>
    list(context, plant, options),
  );
  changing(noun, 'add <plant> <network>', 'announce one', 'subnets add Sonnfeld 192.168.1.0/24 --wait').action(
    (plant: string, network: string, options: Changing) => add(context, plant, network, options),
  );
  removing(noun, 'remove <plant-or-id> [network]', 'withdraw it', 'subnets remove Sonnfeld 192.168.1.0/24').action(
    (text: string, network: string | undefined, options: Changing) =>
      removeAt(context, options, async (api) => `/subnets/${await subnetId(api, text, network)}`, {
        question: `Withdraw ${network ?? text}? Connections into it end.`,
        done: `${network ?? text} is withdrawn.`,
      }),
  );
  return noun;
}

async function list(context: Context, plant: string, options: Common): Promise<void> {
  const api = await connect(context);
  const answer = await api.list(`/plants/${await plantId(api, plant)}/subnets`, subnetSchema);
  showTable(context, options, answer, 'The plant has no subnets.', (subnets) => ({
    columns: ['subnet', 'alias', 'id'],
    rows: subnets.map((subnet) => [subnet.network, aliasOf(subnet), subnet.id]),
  }));
}

async function add(context: Context, plant: string, network: string, options: Changing): Promise<void> {
  const api = await connect(context);
  const path = `/plants/${await plantId(api, plant)}/subnets`;
  const answer = await api.send('POST', path, { network }, subnetSchema);
  await conclude(
    context,
    api,
    options,
    answer,
    (subnet) => `${subnet.network} is announced. Alias: ${aliasOf(subnet)}\n`,
  );
}

async function subnetId(api: Api, text: string, network: string | undefined): Promise<string> {
  if (network === undefined && isId(text)) return text;
  const subnets = await api.list(`/plants/${await plantId(api, text)}/subnets`, subnetSchema);
  // Without a network the plant must have one subnet only.
  const named = ({ network: own }: SubnetJson) => (network === undefined ? [text, own] : [own]);
  return pick(subnets.value, network ?? text, named, 'subnet', `parkway subnets ${text}`).id;
}

function aliasOf(subnet: SubnetJson): string {
  return subnet.alias ?? `${NONE} (${subnet.aliasReason ?? 'none'})`;
}
