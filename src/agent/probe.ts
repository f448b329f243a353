import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { formatIp } from '../net/ip.ts';
import type { AgentState } from '../wire/state.ts';
import { PROBE_PORT } from '../wire/sync.ts';

/** Answers the gateways' path probes: what a gateway sends to the agent's infrastructure address comes back to it. */
export interface ProbeResponder {
  /** Answers for this state from now on. Harmless to repeat; binds when the address has come to exist. */
  set(state: AgentState): Promise<void>;
  close(): void;
}

/** Whether a datagram is to be answered: it is from the infrastructure address of a gateway of this state. */
export function isProbe(state: AgentState, from: string): boolean {
  return state.gateways.some(({ address }) => formatIp(address) === from);
}

/** Makes a responder that is not bound yet. `port` differs from PROBE_PORT in tests only. */
export function probeResponder(port: number = PROBE_PORT): ProbeResponder {
  let bound: { socket: Socket; address: string } | undefined;
  let current: AgentState | undefined;

  const answer = (socket: Socket, datagram: Buffer, from: RemoteInfo): void => {
    if (current === undefined || !isProbe(current, from.address)) return;
    // An answer that cannot be sent is a lost probe, which the gateway counts.
    socket.send(datagram, from.port, from.address, () => undefined);
  };

  const close = (): void => {
    bound?.socket.close();
    bound = undefined;
  };

  return {
    set: async (state) => {
      current = state;
      const address = formatIp(state.address);
      if (bound?.address === address) return;
      close();
      // Without a tunnel nobody asks, and no interface carries the address.
      if (state.gateways.length === 0) return;
      const socket = await bind(address, port);
      socket.on('message', (datagram, from) => answer(socket, datagram, from));
      socket.on('error', close);
      bound = { socket, address };
    },
    close,
  };
}

function bind(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
