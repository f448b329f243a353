import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { MAX_MESSAGE } from './sync.ts';

/** A message as it travels: JSON as text, or zstd of that in a binary message. */
export type Packed = string | Buffer;

/** Texts from this length on are compressed; a usual delta is far below it and is not delayed. */
const COMPRESSED_FROM = 16_384;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const FASTEST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * Makes a message of control ready to be sent, off the main thread when it is large. Only control compresses: what
 * decompresses is a daemon, which chose its control, and never control, to which anybody may connect.
 */
export async function pack(message: unknown): Promise<Packed> {
  const text = JSON.stringify(message);
  return text.length < COMPRESSED_FROM ? text : compress(text, FASTEST);
}

/** The JSON text of a message. Rejects for what is not compressed so, or would become more than `MAX_MESSAGE` bytes. */
export async function unpack(data: Buffer, binary: boolean): Promise<string> {
  return (binary ? await decompress(data, { maxOutputLength: MAX_MESSAGE }) : data).toString('utf8');
}
