/**
 * The command that runs another one on a host of the lab: in the namespaces of the host's init, in the same working
 * directory, and dead as soon as its starter is, whatever killed that.
 *
 * @param init process id of the host's init, as the machine sees it
 */
export function inside(init: number, argv: readonly string[], directory = '/'): string[] {
  const dieWithParent = ['setpriv', '--pdeathsig', 'KILL'];
  const enter = [
    'nsenter',
    `--target=${init}`,
    '--net',
    '--mount',
    '--pid',
    '--uts',
    '--ipc',
    `--wdns=${directory}`,
    '--',
  ];
  return [...dieWithParent, ...enter, ...dieWithParent, ...argv];
}
