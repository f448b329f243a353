/**
 * `lab/device` owns the machines of the lab's plants: what answers behind their addresses, for real.
 *
 * This file: Modbus/TCP (MODBUS Messaging on TCP/IP Implementation Guide V1.0b) as far as a meter speaks it: read
 * holding (3) and input (4) registers.
 */

const HEADER = 7;
const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;
/** Most registers that one request may ask for. */
const MOST_REGISTERS = 125;

/** Cuts complete frames off the front of a stream. Returns them and what is left. */
export function framesOf(bytes: Buffer): { frames: Buffer[]; rest: Buffer } {
  const frames: Buffer[] = [];
  let rest = bytes;
  while (rest.length >= HEADER) {
    const size = 6 + rest.readUInt16BE(4);
    if (rest.length < size) break;
    frames.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return { frames, rest };
}

/** Answers one request frame. `register` gives the value at an address, undefined where there is none. */
export function answerTo(frame: Buffer, register: (address: number) => number | undefined): Buffer {
  const code = frame[HEADER] ?? 0;
  if (code !== 3 && code !== 4) return respond(frame, [code | 0x80, ILLEGAL_FUNCTION]);
  if (frame.length < HEADER + 5) return respond(frame, [code | 0x80, ILLEGAL_VALUE]);
  const start = frame.readUInt16BE(HEADER + 1);
  const count = frame.readUInt16BE(HEADER + 3);
  if (count < 1 || count > MOST_REGISTERS) return respond(frame, [code | 0x80, ILLEGAL_VALUE]);
  const values = Array.from({ length: count }, (_, index) => register(start + index));
  if (values.includes(undefined)) return respond(frame, [code | 0x80, ILLEGAL_ADDRESS]);
  const bytes = values.flatMap((value = 0) => [(value >> 8) & 255, value & 255]);
  return respond(frame, [code, bytes.length, ...bytes]);
}

/** The header of the request with a new body: transaction and unit are the client's. */
function respond(request: Buffer, body: readonly number[]): Buffer {
  const header = Buffer.alloc(HEADER);
  request.copy(header, 0, 0, HEADER);
  header.writeUInt16BE(body.length + 1, 4);
  return Buffer.concat([header, Buffer.from(body)]);
}
