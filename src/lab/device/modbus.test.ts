import { describe, expect, it } from 'vitest';
import { answerTo, framesOf } from './modbus.ts';

const request = (...body: number[]) => Buffer.from([0x12, 0x34, 0, 0, 0, body.length + 1, 9, ...body]);
const register = (address: number) => (address < 10 ? address * 300 : undefined);

describe('Modbus/TCP', () => {
  it('reads holding registers under the transaction and unit of the request', () => {
    expect([...answerTo(request(3, 0, 1, 0, 2), register)]).toEqual([0x12, 0x34, 0, 0, 0, 7, 9, 3, 4, 1, 44, 2, 88]);
  });

  it.each([
    ['a function it does not have', [6, 0, 1, 0, 2], [0x86, 1]],
    ['an address it does not have', [3, 0, 9, 0, 2], [0x83, 2]],
    ['no registers', [3, 0, 1, 0, 0], [0x83, 3]],
    ['more than a frame can hold', [3, 0, 1, 0, 126], [0x83, 3]],
    ['a request cut short', [3, 0, 1], [0x83, 3]],
  ])('refuses %s', (_, body, answer) => {
    expect([...answerTo(request(...body), register).subarray(7)]).toEqual(answer);
  });

  it('finds frames in a stream that cuts them anywhere', () => {
    const stream = Buffer.concat([request(3, 0, 1, 0, 2), request(4, 0, 0, 0, 1)]);
    for (let cut = 0; cut <= stream.length; cut++) {
      const first = framesOf(stream.subarray(0, cut));
      const second = framesOf(Buffer.concat([first.rest, stream.subarray(cut)]));
      expect([...first.frames, ...second.frames]).toHaveLength(2);
      expect(second.rest).toHaveLength(0);
    }
  });
});
