import { describe, expect, it } from 'vitest';
import { api } from './client.ts';
import { EXIT } from './failures.ts';
import { startStub } from './stub.ts';
import { waitInEffect } from './wait.ts';

const holder = (name: string, confirmed: boolean) => ({ name, applied: confirmed ? 7 : 6, confirmed });

describe('waitInEffect', () => {
  it('ends with exit code 4 and names who is behind', async () => {
    const gateways = [holder('gw-eu-1', true), holder('gw-eu-2', false)];
    const body = { revision: 7, gateways, agents: [holder('Sonnfeld', false)], confirmed: false };
    const stub = await startStub({ 'GET /revisions/7': () => ({ body }) });
    try {
      await expect(waitInEffect(api(stub.url, 'token'), 7, 0)).rejects.toMatchObject({
        exit: EXIT.notYet,
        message: 'It is saved, and in effect on 1 of 2. Not confirmed by: gw-eu-2, Sonnfeld.',
      });
    } finally {
      await stub.close();
    }
  });
});
