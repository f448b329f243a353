import { once } from 'node:events';
import { type Socket, createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** A mail server on loopback that keeps what it is sent. */
export interface SmtpListener extends AsyncDisposable {
  readonly url: string;
  /** The mails that came so far, as their lines. */
  readonly mails: readonly string[];
  /** The next mail that comes, or came and was not asked for. */
  next(): Promise<string>;
}

/** Starts one that speaks as much SMTP as a client needs to hand over a mail. */
export async function smtpListener(): Promise<SmtpListener> {
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  let taken = 0;
  let wake: (() => void) | undefined;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.write('220 test\r\n');
    let data: string[] | undefined;
    createInterface({ input: socket }).on('line', (line) => {
      if (data === undefined) {
        if (line === 'DATA') data = [];
        socket.write(line === 'DATA' ? '354 go on\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 fine\r\n');
      } else if (line === '.') {
        mails.push(data.join('\n'));
        data = undefined;
        socket.write('250 taken\r\n');
        wake?.();
      } else data.push(line);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    next: async () => {
      while (mails.length <= taken) await new Promise<void>((resolve) => (wake = resolve));
      taken += 1;
      return unfolded(mails[taken - 1] ?? '');
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Quoted-printable as people read it. */
function unfolded(mail: string): string {
  return mail
    .replaceAll(/=\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
}
