import type { Runner } from './run.ts';

/** Values by name, such as `net.ipv4.ip_forward`. */
export type Sysctls = Readonly<Record<string, string>>;

/**
 * Makes sysctls what they shall be; those that are already are not written. Returns the names that were not.
 * Throws `KernelError` when one does not exist.
 */
export async function ensureSysctls(runner: Runner, wanted: Sysctls): Promise<string[]> {
  const names = Object.keys(wanted);
  const values = (await runner.run(['sysctl', '-n', ...names])).trimEnd().split('\n');
  const different = names.filter((name, at) => values[at] !== wanted[name]);
  if (different.length > 0)
    await runner.run(['sysctl', '-q', '-w', ...different.map((name) => `${name}=${wanted[name]}`)]);
  return different;
}
