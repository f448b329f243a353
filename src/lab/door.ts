import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way from this machine's loopback to control. */
export interface Door {
  /** What people open in a browser. */
  readonly url: string;
  /** Closes it, and what goes through it. */
  close(): void;
}

/** Both, since a browser may take either for `localhost`. */
const LOOPBACKS = ['127.0.0.1', '::1'] as const;
const PORTS = { first: 8800, labs: 256, tries: 32 } as const;

/**
 * Opens a port of `localhost` that leads to control. Browsers give pages from there what they give pages over HTTPS (keys made in
 * the browser, `__Host-` cookies), and not to pages from an address of a namespace. It ends with this process.
 *
 * @param net the number that this lab has for itself on the machine; its port follows from it
 */
export async function openDoor(net: number, target: { readonly host: string; readonly port: number }): Promise<Door> {
  for (let step = 0; step < PORTS.tries; step++) {
    const port = PORTS.first + net + step * PORTS.labs;
    const servers = await listenAt(port, target);
    if (servers !== undefined)
      return {
        url: `http://localhost:${port}`,
        close: () => {
          for (const close of servers) close();
        },
      };
  }
  throw new Error('No port of localhost is free for the lab.');
}

/** Listens on every loopback address that the machine has; undefined when somebody else does so on one of them. */
async function listenAt(port: number, target: { host: string; port: number }): Promise<(() => void)[] | undefined> {
  const closers: (() => void)[] = [];
  for (const host of LOOPBACKS) {
    const open = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) => pass(socket, target, open));
    const code = await listening(server, host, port);
    if (code === undefined) {
      closers.push(() => {
        server.close();
        for (const socket of open) socket.destroy();
      });
    } else if (code === 'EADDRINUSE') {
      for (const close of closers) close();
      return undefined;
    } else if (host === '127.0.0.1') throw new Error(`The lab cannot listen on ${host}:${port}: ${code}`);
  }
  return closers;
}

/** Undefined when it listens, else why not. */
function listening(server: Server, host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    server.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    server.listen({ host, port, ipv6Only: true }, () => resolve(undefined));
  });
}

/** Joins two connections: each end of one is the end of the other, and an error of one cuts the other off. */
function pass(near: Socket, target: { host: string; port: number }, open: Set<Socket>): void {
  const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
  near.setNoDelay(true);
  near.pipe(far).pipe(near);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    open.add(one);
    // An error ends in `close` too.
    one.on('error', () => undefined);
    one.once('close', () => {
      open.delete(one);
      other.destroy();
    });
  }
}
