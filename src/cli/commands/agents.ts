import { Command } from 'commander';
import { agentSchema, enrollmentTokenSchema } from '../../wire/rest/agents.ts';
import { connect } from '../client.ts';
import { type Changing, type Common, removeAt, removing, show, verb } from '../command.ts';
import type { Context } from '../context.ts';
import { plantId } from '../names.ts';
import { NONE, formatTable, formatThing } from '../table.ts';

/** `parkway agents …`: the software that dials out from a plant (AGT-1…4). */
export function agentsCommand(context: Context): Command {
  const noun = new Command('agents').description("A plant's agent: the software that dials out from it (AGT-1).");
  verb(noun, 'show <plant>', 'how it is, and its path to each gateway', 'agents show Sonnfeld').action(
    (plant: string, options: Common) => showOne(context, plant, options),
  );
  verb(noun, 'enroll <plant>', 'a single-use token for the machine on site (AGT-4)', 'agents enroll Sonnfeld').action(
    (plant: string, options: Common) => enroll(context, plant, options),
  );
  removing(noun, 'remove <plant>', 'no longer accept it; the plant is unreachable', 'agents remove Sonnfeld').action(
    (plant: string, options: Changing) =>
      removeAt(context, options, async (api) => `/plants/${await plantId(api, plant)}/agent`, {
        question: `No longer accept the agent of ${plant}? Nobody reaches the plant until another is enrolled.`,
        done: `The agent of ${plant} is no longer accepted.`,
      }),
  );
  return noun;
}

async function showOne(context: Context, plant: string, options: Common): Promise<void> {
  const api = await connect(context);
  const answer = await api.get(`/plants/${await plantId(api, plant)}/agent`, agentSchema);
  show(context, options, answer, ({ state, seenAt, applied, paths }) => {
    const thing = formatThing([
      ['State', state],
      ['Last seen', seenAt ?? NONE],
      ['Revision', applied === null ? NONE : String(applied)],
    ]);
    const rows = paths.map(({ gateway, up, since }) => [gateway, up ? 'up' : 'down', since]);
    const columns = ['gateway', 'path', 'since'];
    const table = formatTable({ columns, rows, colors: { up: 'green', down: 'red' } }, context.terminal.colors);
    return rows.length === 0 ? thing : `${thing}\n${table}`;
  });
}

async function enroll(context: Context, plant: string, options: Common): Promise<void> {
  const api = await connect(context);
  const path = `/plants/${await plantId(api, plant)}/agent/enrollment-tokens`;
  const answer = await api.send('POST', path, undefined, enrollmentTokenSchema);
  show(context, options, answer, ({ token }) => `${token}\n`);
  const { command, expiresAt } = answer.value;
  context.terminal.err(
    `It works once, until ${expiresAt}. On the machine at the plant, run\n  ${command}\nand give it the token.\n`,
  );
}
