import { createCipheriv } from 'node:crypto';
import { expect, test } from 'vitest';
import { seal, unseal } from './sealing.ts';

const KEY = Buffer.alloc(32, 7);
const SECRET = Buffer.from('of a slot');

test('a sealed secret opens with the same key and context, and with no other', () => {
  const sealed = seal(KEY, 'slot 1', SECRET);
  expect(unseal(KEY, 'slot 1', sealed)).toEqual(SECRET);
  expect(() => unseal(KEY, 'slot 2', sealed)).toThrow(/authenticat|initialization/i);
  expect(() => unseal(Buffer.alloc(32, 8), 'slot 1', sealed)).toThrow(/authenticat|initialization/i);
});

test('no byte of a sealed secret can be changed, and none left out', () => {
  const bytes = Buffer.from(seal(KEY, 'slot 1', SECRET), 'base64');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => unseal(KEY, 'slot 1', changed.toString('base64'))).toThrow(/authenticat|initialization/i);
    expect(() => unseal(KEY, 'slot 1', bytes.subarray(0, at).toString('base64'))).toThrow(
      /authenticat|initialization/i,
    );
  }
});

test('a tag that was cut short does not open, though node itself would take it', () => {
  const iv = Buffer.alloc(12, 1);
  const cipher = createCipheriv('aes-256-gcm', KEY, iv, { authTagLength: 12 }).setAAD(Buffer.from('slot 1'));
  cipher.final();
  const short = Buffer.concat([iv, cipher.getAuthTag()]).toString('base64');
  expect(() => unseal(KEY, 'slot 1', short)).toThrow(/authenticat|initialization/i);
});
