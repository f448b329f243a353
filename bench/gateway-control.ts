import { once } from 'node:events';
import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { RowsJson } from '../src/wire/state.ts';
import { type ToDaemonJson, fromDaemon } from '../src/wire/sync.ts';

/** A control that has nothing to say to a gateway but what the bench gives it. It believes everybody. */
export interface BenchControl {
  /** Sends a delta to the next revision. Resolves when it is acknowledged. */
  change(rows: RowsJson): Promise<void>;
  /** Resolves with the next acknowledgement of its revision or a later one. */
  nextAck(): Promise<void>;
  close(): Promise<void>;
}

/** Starts it on a unix socket. The gateway has all rows of this revision already. */
export async function startBenchControl(path: string, first: number): Promise<BenchControl> {
  let revision = first;
  let connection: WebSocket | undefined;
  const waiting = new Set<(acknowledged: number) => void>();
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    connection = socket;
    socket.on('message', (data: Buffer) => {
      const message = fromDaemon.parse(JSON.parse(data.toString()));
      if (message.type === 'ack') for (const tell of waiting) tell(message.revision);
    });
    socket.send(JSON.stringify({ type: 'challenge', nonce: 'bench' } satisfies ToDaemonJson));
  });
  server.listen(path);
  await once(server, 'listening');

  function nextAck(): Promise<void> {
    return new Promise((resolve) => {
      const tell = (acknowledged: number) => {
        if (acknowledged < revision) return;
        waiting.delete(tell);
        resolve();
      };
      waiting.add(tell);
    });
  }

  return {
    nextAck,
    change: (rows) => {
      const message: ToDaemonJson = { type: 'delta', from: revision, to: revision + 1, last: true, rows, gone: {} };
      revision += 1;
      const acknowledged = nextAck();
      connection?.send(JSON.stringify(message));
      return acknowledged;
    },
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
