import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { format } from 'prettier';
import { expect, it } from 'vitest';
import type { Context } from './context.ts';
import { EXIT } from './failures.ts';
import { COMMANDS, buildProgram } from './program.ts';

const DOCUMENT = new URL('../../docs/cli.md', import.meta.url);
const MARK = '<!-- From here on written by src/cli/reference.test.ts -->';

const nowhere: Context = {
  environment: { PARKWAY_LAB_DIR: '/nonexistent', HOME: '/nonexistent' },
  terminal: {
    interactive: false,
    colors: false,
    out: () => undefined,
    err: () => undefined,
    ask: () => Promise.reject(new Error('nobody is there')),
    readInput: () => Promise.resolve(''),
  },
};

/** The commands that can be called: all that have an action of their own, which is those without verbs. */
function callable(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(callable);
}

function usageOf(command: Command): string {
  const words = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
  return [...pathOf(command), ...words].join(' ');
}

function pathOf(command: Command): string[] {
  return command.parent === null ? [command.name()] : [...pathOf(command.parent), command.name()];
}

function row(command: Command): string {
  const options = command.options.filter(({ long }) => long !== '--json').map(({ flags }) => `\`${flags}\``);
  return `| \`${usageOf(command)}\` | ${command.description().replaceAll('|', '\\|')} | ${options.join(', ')} |`;
}

function section(noun: Command): string {
  const rows = callable(noun).map(row);
  const description = noun.commands.length === 0 ? '' : `${noun.description()}\n\n`;
  return `### ${noun.name()}\n\n${description}| call | what it does | options |\n|---|---|---|\n${rows.join('\n')}\n`;
}

it('docs/cli.md lists every command (run vitest with -u to write it)', async () => {
  const program = await buildProgram(nowhere, () => true);
  expect(program.commands.map((one) => one.name())).toEqual(COMMANDS.map(({ name }) => name));
  const [preface = ''] = (await readFile(DOCUMENT, 'utf8')).split(MARK);
  const text = `${preface}${MARK}\n\n${program.commands.map(section).join('\n')}`;
  const options = { parser: 'markdown', printWidth: 120, singleQuote: true } as const;
  await expect(await format(text, options)).toMatchFileSnapshot(DOCUMENT.pathname);
});

it('docs/cli.md and --help list every exit code', async () => {
  const document = await readFile(DOCUMENT, 'utf8');
  const codes = [...document.matchAll(/^\| (\d) +\|/gm)].map(([, code]) => Number(code));
  expect(codes).toEqual(Object.values(EXIT));
  let help = '';
  const program = await buildProgram(nowhere, () => false);
  program.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
  expect([...help.matchAll(/^ {2}(\d) {2}/gm)].map(([, code]) => Number(code))).toEqual(codes);
});

it('every command of the product shows an example and takes --json', async () => {
  const program = await buildProgram(nowhere, (name) => name !== 'lab');
  for (const command of callable(program).filter((one) => one.name() !== 'lab')) {
    let help = '';
    command.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
    expect(help).toContain(`Example:\n  ${pathOf(command)[0]} ${pathOf(command)[1]}`);
    expect(command.options.map(({ long }) => long)).toContain('--json');
  }
});
