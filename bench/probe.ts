/**
 * Runs on a laptop of the lab, asks a device over and over, and prints one line per event with times in milliseconds of the
 * machine's clock, which all hosts of the lab share. Commands come on standard input, and it ends with it:
 *
 *   udp <address> <every>   a datagram to the echo port every so many ms, each from a socket of its own
 *   tcp <address> <every>   one connection to the Modbus port; reads a register, and again so long after the answer
 *   stop                    stops either
 *
 * It prints `answer <asked> <answered>`, and `end <when> <why>` when the connection dies.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

const READ_REGISTER = Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, 0, 1, 0, 1]);
const ECHO_PORT = 7;
const MODBUS_PORT = 502;
/** An echo that takes longer is not waited for. */
const PATIENCE_MS = 2000;

let stop: () => void = () => undefined;

for await (const line of createInterface({ input: process.stdin })) {
  const [command, address = '', every = '2'] = line.split(' ');
  stop();
  if (command === 'udp') stop = askByDatagram(address, Number(every));
  else if (command === 'tcp') stop = askByModbus(address, Number(every));
  else stop = () => undefined;
}
process.exit(0);

function clock(): number {
  return performance.timeOrigin + performance.now();
}

function say(...words: (string | number)[]): void {
  process.stdout.write(`${words.join(' ')}\n`);
}

function askByDatagram(address: string, every: number): () => void {
  const ask = () => {
    const socket = createSocket('udp4');
    const asked = clock();
    const over = setTimeout(() => socket.close(), PATIENCE_MS);
    // A refused datagram is an error of the socket; it is what the bench waits to see no more of.
    socket.on('error', () => undefined);
    socket.once('message', () => {
      say('answer', asked, clock());
      clearTimeout(over);
      socket.close();
    });
    socket.connect(ECHO_PORT, address, () => socket.send('probe'));
  };
  const timer = setInterval(ask, every);
  return () => clearInterval(timer);
}

function askByModbus(address: string, every: number): () => void {
  let asked = 0;
  let pause: NodeJS.Timeout | undefined;
  const socket = connect({ port: MODBUS_PORT, host: address, noDelay: true });
  const ask = () => {
    asked = clock();
    socket.write(READ_REGISTER);
  };
  socket.on('connect', ask);
  socket.on('data', () => {
    say('answer', asked, clock());
    pause = setTimeout(ask, every);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => say('end', clock(), error.code ?? error.message));
  socket.on('close', () => clearTimeout(pause));
  return () => socket.destroy();
}
