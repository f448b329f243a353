import { once } from 'node:events';
import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { newKeyPair, signBytes, verifyBytes } from '../../src/net/keys.ts';
import { ENROLL_PATH } from '../../src/wire/enroll.ts';
import type { AgentStateJson } from '../../src/wire/state.ts';
import { type FromDaemon, SYNC_PATH, enrollRequest, fromDaemon, helloBytes } from '../../src/wire/sync.ts';

/** A control that enrols one agent and sends it what the test says. */
export interface TestControl {
  /** What the agent said, over all connections. */
  readonly said: FromDaemon[];
  /** Tokens that were presented. */
  readonly tokens: string[];
  /** Signs and sends a state, and again to each new connection. */
  send(state: AgentStateJson): void;
  /** Sends text that is signed by a key, or with a signature of the test's own. */
  sendRaw(state: string, signature: string): void;
  sign(text: string): string;
  /** Cuts connections and refuses new ones, or takes them again. */
  away(isAway: boolean): void;
  close(): Promise<void>;
}

const ID = '7e1c3d4e-2f38-4c5d-9a63-1f0c6b1f2a3b';

const message = (state: string, signature: string) => JSON.stringify({ type: 'agent-state', state, signature });

/** Starts it on a unix socket. `onKey` is told the agent's tunnel key before its enrolment is answered. */
export async function startTestControl(path: string, onKey: (key: string) => Promise<void>): Promise<TestControl> {
  const signing = newKeyPair('ed25519');
  const [said, tokens, sockets]: [FromDaemon[], string[], Set<WebSocket>] = [[], [], new Set()];
  let [current, identityKey, isAway]: [
    string | undefined,
    ReturnType<typeof newKeyPair>['publicKey'] | undefined,
    boolean,
  ] = [undefined, undefined, false];
  const sign = (text: string) => signBytes(signing.privateKey, Buffer.from(text));

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (isAway || request.url !== ENROLL_PATH) {
        response.writeHead(503).end();
        return;
      }
      const asked = enrollRequest.parse(JSON.parse(Buffer.concat(parts).toString()));
      tokens.push(asked.token);
      identityKey = asked.identityKey;
      const answer = { kind: 'agent', id: ID, number: 4, address: 0x64500009, controlKey: signing.publicKey };
      void onKey(asked.tunnelKey).then(() => response.writeHead(201).end(JSON.stringify(answer)));
    });
  });
  const wss = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (isAway || request.url !== SYNC_PATH) {
      socket.destroy();
      return;
    }
    wss.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', (data: Buffer) => {
        const heard = fromDaemon.parse(JSON.parse(data.toString()));
        said.push(heard);
        if (heard.type !== 'hello') return;
        const proven =
          identityKey !== undefined && verifyBytes(identityKey, helloBytes('agent', ID, 'nonce'), heard.signature);
        if (!proven) return ws.close();
        sockets.add(ws);
        if (current !== undefined) ws.send(message(current, sign(current)));
      });
      ws.on('close', () => sockets.delete(ws));
      ws.send(JSON.stringify({ type: 'challenge', nonce: 'nonce' }));
    });
  });
  server.listen(path);
  await once(server, 'listening');

  const sendRaw = (state: string, signature: string) => sockets.forEach((ws) => ws.send(message(state, signature)));
  return {
    said,
    tokens,
    sign,
    sendRaw,
    send: (state) => {
      current = JSON.stringify(state);
      sendRaw(current, sign(current));
    },
    away: (now) => {
      isAway = now;
      if (now) for (const ws of wss.clients) ws.terminate();
    },
    close: async () => {
      for (const ws of wss.clients) ws.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
