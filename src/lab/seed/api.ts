import type { z } from 'zod';
import { type Api, api } from '../../cli/client.ts';
import { newSessionSchema } from '../../wire/rest/sessions.ts';

/** Signs in and returns the API as that account. */
export async function signIn(url: string, email: string, password: string): Promise<Api> {
  const { value } = await api(url, undefined).send('POST', '/sessions', { email, password }, newSessionSchema);
  return api(url, value.token);
}

/** Accepts an invitation and returns the API as the new account. */
export async function accept(url: string, token: string, name: string, password: string): Promise<Api> {
  const { value } = await api(url, undefined).send(
    'POST',
    '/invitations/accept',
    { token, name, password },
    newSessionSchema,
  );
  return api(url, value.token);
}

/** The item of a list that `is` it, or what the given request makes. Seeding twice changes nothing. */
export async function ensure<T>(
  client: Api,
  path: string,
  item: z.ZodType<T>,
  is: (item: T) => boolean,
  body: object,
): Promise<T> {
  const { value } = await client.list(path, item);
  return value.find(is) ?? (await client.send('POST', path, body, item)).value;
}
