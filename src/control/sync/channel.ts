import type { WebSocket } from 'ws';
import type { Clock } from '../../net/clock.ts';
import type { Packed } from '../../wire/packing.ts';
import type { ProblemCode } from '../../wire/problem.ts';

/** The way to one daemon. */
export interface Channel {
  /**
   * Resolves when the message was handed to the kernel, whose buffer of the connection is bounded: whoever waits for it has one
   * message at most in this process, however slowly the daemon reads. Rejects when the connection ended before.
   */
  readonly send: (data: Packed) => Promise<void>;
  /** Since when, in milliseconds of the clock, a message waits for the daemon to read; undefined when none does. */
  readonly sendingSince: () => number | undefined;
  readonly refuse: (code: ProblemCode, detail: string) => void;
  readonly isOpen: () => boolean;
}

/** The channel of a connection. One message is sent at a time. */
export function channelOf(socket: WebSocket, clock: Clock): Channel {
  let since: number | undefined;
  return {
    isOpen: () => socket.readyState === socket.OPEN,
    sendingSince: () => since,
    send: async (data) => {
      since = clock.now();
      try {
        await sent(socket, data);
      } finally {
        since = undefined;
      }
    },
    refuse: (code, detail) => {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(JSON.stringify({ type: 'refused', code, detail }));
      socket.close(1008, code);
    },
  };
}

function sent(socket: WebSocket, data: Packed): Promise<void> {
  return new Promise((resolve, reject) => socket.send(data, (error) => (error ? reject(error) : resolve())));
}
