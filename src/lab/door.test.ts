import { createServer } from 'node:http';
import { once } from 'node:events';
import { connect, createServer as createTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type Door, openDoor } from './door.ts';

/** Something that answers with what it was asked, on a port of its own. */
async function echo() {
  const server = createServer((request, response) => void text(request).then((body) => response.end(body)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    target: { host: '127.0.0.1', port: address.port },
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const closing = (door: Door) => ({ ...door, [Symbol.dispose]: () => door.close() });
const portOf = ({ url }: Door) => Number(new URL(url).port);

test('a port of localhost leads to control, in both directions, at any size', async () => {
  using control = await echo();
  using door = closing(await openDoor(7, control.target));
  const body = 'x'.repeat(3_000_000);
  const answer = await fetch(door.url, { method: 'POST', body });
  expect((await answer.text()) === body).toBe(true);
});

test('a taken port is left alone, whoever has it', async () => {
  using control = await echo();
  using first = closing(await openDoor(8, control.target));
  using second = closing(await openDoor(8, control.target));
  expect(portOf(second)).toBeGreaterThan(portOf(first));
  const other = createTcp().listen(portOf(second) + 256, '127.0.0.1');
  await once(other, 'listening');
  using third = closing(await openDoor(8, control.target));
  expect(portOf(third)).toBeGreaterThan(portOf(second) + 256);
  other.close();
});

test('closing it cuts off what goes through it; a control that is away refuses', async () => {
  using control = await echo();
  const door = await openDoor(9, control.target);
  const socket = connect(portOf(door), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(socket, 'data');
  const ended = once(socket, 'close');
  door.close();
  await ended;
  await expect(fetch(door.url)).rejects.toThrow('fetch failed');
  using alone = closing(await openDoor(10, { host: '127.0.0.1', port: 1 }));
  await expect(fetch(alone.url)).rejects.toThrow('fetch failed');
});
