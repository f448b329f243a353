import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { z } from 'zod';
import { answerTo, framesOf } from './modbus.ts';
import { serveWeb } from './web.ts';

const env = z
  .object({
    LAB_PLANT: z.string(),
    LAB_DEVICE: z.string(),
    LAB_ADDRESS: z.string(),
    LAB_USER: z.string(),
    LAB_PASSWORD: z.string(),
    LAB_TLS_KEY: z.string(),
    LAB_TLS_CERTIFICATE: z.string(),
  })
  .parse(process.env);

const REGISTERS = 1000;

await serveWeb({
  identity: { plant: env.LAB_PLANT, device: env.LAB_DEVICE, address: env.LAB_ADDRESS },
  login: { user: env.LAB_USER, password: env.LAB_PASSWORD },
  tls: { key: env.LAB_TLS_KEY, certificate: env.LAB_TLS_CERTIFICATE },
});

// A register holds its own address, so that a reader sees that it got the one it asked for.
createServer((socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const cut = framesOf(Buffer.concat([rest, chunk]));
    rest = cut.rest;
    for (const frame of cut.frames)
      socket.write(answerTo(frame, (address) => (address < REGISTERS ? address : undefined)));
  });
  socket.on('error', () => socket.destroy());
}).listen(502);

const echo = createSocket('udp4');
echo.on('message', (message, { port, address }) => echo.send(message, port, address));
echo.bind(7);
