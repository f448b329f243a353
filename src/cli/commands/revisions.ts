import { Command } from 'commander';
import { revisionSchema } from '../../wire/rest/revisions.ts';
import { connect } from '../client.ts';
import { type Common, show, verbless } from '../command.ts';
import type { Context } from '../context.ts';
import { wrongUsage } from '../failures.ts';
import { formatTable } from '../table.ts';

/** `parkway revisions <n>`: who holds a revision in its kernel. */
export function revisionsCommand(context: Context): Command {
  const command = new Command('revisions')
    .description('Which gateways and agents hold a revision.')
    .argument('<revision>');
  return verbless(command, 'revisions 42').action(async (text: string, options: Common) => {
    if (!/^\d+$/.test(text)) throw wrongUsage(`“${text}” is not a revision: a whole number.`);
    const api = await connect(context);
    const answer = await api.get(`/revisions/${text}`, revisionSchema);
    show(context, options, answer, ({ gateways, agents, confirmed }) => {
      const row = (kind: string) => (one: (typeof gateways)[number]) => [
        kind,
        one.name,
        String(one.applied),
        one.confirmed ? 'confirmed' : 'behind',
      ];
      const table = {
        columns: ['kind', 'name', 'holds', 'state'],
        grouped: 1,
        colors: { confirmed: 'green', behind: 'yellow' },
        rows: [...gateways.map(row('gateway')), ...agents.map(row('agent'))],
      } as const;
      return `${formatTable(table, context.terminal.colors)}\nRevision ${text} is ${confirmed ? '' : 'not '}in effect everywhere.\n`;
    });
  });
}
