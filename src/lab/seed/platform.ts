import { z } from 'zod';
import type { Api } from '../../cli/client.ts';
import { gatewaySchema, newGatewaySchema, regionSchema, slotSchema } from '../../wire/rest/platform.ts';
import { SLOT } from '../topology.ts';
import { ensure } from './api.ts';

const tokenSchema = z.object({ enrollmentToken: z.string() });

/**
 * Makes the regions, the slot and the gateways of the installation.
 *
 * @returns an enrolment token for each gateway that has not enrolled
 */
export async function seedPlatform(platform: Api, gateways: readonly string[]): Promise<Map<string, string>> {
  await ensure(platform, '/platform/slots', slotSchema, ({ address }) => address === SLOT.address, SLOT);
  const tokens = new Map<string, string>();
  for (const name of gateways) {
    const regionName = name.startsWith('gw-us') ? 'us' : 'eu';
    const region = await ensure(platform, '/platform/regions', regionSchema, (r) => r.name === regionName, {
      name: regionName,
    });
    const known = (await platform.list('/platform/gateways', gatewaySchema)).value.find(
      (gateway) => gateway.name === name,
    );
    if (known === undefined) {
      const made = await platform.send('POST', '/platform/gateways', { name, regionId: region.id }, newGatewaySchema);
      tokens.set(name, made.value.enrollmentToken);
    } else if (known.state === 'waiting') {
      const made = await platform.send(
        'POST',
        `/platform/gateways/${known.id}/enrollment-tokens`,
        undefined,
        tokenSchema,
      );
      tokens.set(name, made.value.enrollmentToken);
    }
  }
  return tokens;
}
