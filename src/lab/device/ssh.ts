import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Runner } from '../../kernel/run.ts';

/** The account for which devices let people in, and its files. */
export interface ServiceAccount {
  readonly user: 'service';
  readonly password: string;
  /** Private key that every device of the lab accepts for it, as a file. */
  readonly keyFile: string;
}

/** An id that no account of the machine has. */
const UID = 61_184;

/** Makes the key that devices accept, and the user database that their sshd sees instead of the machine's. */
export async function prepareAccount(directory: string, password: string, runner: Runner): Promise<ServiceAccount> {
  await mkdir(directory, { recursive: true });
  const keyFile = join(directory, 'service.key');
  if (!existsSync(keyFile))
    await runner.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', keyFile]);
  const hash = (await runner.run(['openssl', 'passwd', '-6', '-stdin'], { input: `${password}\n` })).trim();
  const passwd = await readFile('/etc/passwd', 'utf8');
  await writeFile(join(directory, 'passwd'), `${passwd}service:x:${UID}:${UID}::/:/bin/sh\n`);
  await writeFile(join(directory, 'shadow'), `root:*:1::::::\nservice:${hash}:20000::::::\n`, { mode: 0o600 });
  return { user: 'service', password, keyFile };
}

/** Makes a device's own host key, TLS certificate and sshd configuration in its directory. */
export async function prepareDevice(directory: string, name: string, account: ServiceAccount, runner: Runner) {
  await mkdir(directory, { recursive: true });
  const files = {
    hostKey: join(directory, 'ssh_host_ed25519_key'),
    sshd: join(directory, 'sshd_config'),
    tlsKey: join(directory, 'tls.key'),
    tlsCertificate: join(directory, 'tls.crt'),
  };
  if (!existsSync(files.hostKey))
    await runner.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', files.hostKey]);
  if (!existsSync(files.tlsCertificate)) {
    const made = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '3650',
      '-subj',
      `/CN=${name}`,
    ];
    await runner.run(['openssl', 'req', '-x509', ...made, '-keyout', files.tlsKey, '-out', files.tlsCertificate]);
    await chmod(files.tlsKey, 0o600);
  }
  await writeFile(files.sshd, sshdConfig(files.hostKey, account));
  return files;
}

/** Puts the lab's user database over the machine's (in this host only), then becomes sshd. */
export function sshdArgv(accounts: string, config: string): string[] {
  const script =
    'mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/shadow" /etc/shadow && exec /usr/sbin/sshd -D -e -f "$2"';
  return ['sh', '-c', script, 'sshd', accounts, config];
}

function sshdConfig(hostKey: string, account: ServiceAccount): string {
  return `HostKey ${hostKey}
AuthorizedKeysFile ${account.keyFile}.pub
AllowUsers ${account.user}
PasswordAuthentication yes
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
`;
}
