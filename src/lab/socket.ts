import { createServer, request, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** What the supervisor of a lab is asked. */
export const orderSchema = z.discriminatedUnion('order', [
  z.object({ order: z.literal('status') }),
  z.object({ order: z.literal('fail'), host: z.string(), silent: z.boolean() }),
  z.object({ order: z.literal('restore'), host: z.string() }),
  z.object({ order: z.literal('down') }),
]);
export type Order = z.infer<typeof orderSchema>;

const replySchema = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

/** Listens for orders on a unix socket. What `obey` throws is told to whoever asked. */
export async function listenForOrders(path: string, obey: (order: Order) => Promise<unknown>): Promise<Server> {
  const answer = async (body: string): Promise<z.infer<typeof replySchema>> => {
    try {
      return { ok: true, value: (await obey(orderSchema.parse(JSON.parse(body)))) ?? null };
    } catch (error) {
      return { ok: false, error: error instanceof Error ? error.message : String(error) };
    }
  };
  const server = createServer((incoming, response) => {
    void text(incoming).then(async (body) => response.end(JSON.stringify(await answer(body))));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return server;
}

/** No supervisor listens: the lab is not up. */
export class NoLab extends Error {}

/** Gives an order to the supervisor of a lab. Throws NoLab when there is none, Error with its words when it refuses. */
export async function order(path: string, what: Order): Promise<unknown> {
  const body = await new Promise<string>((resolve, reject) => {
    const asked = request({ socketPath: path, method: 'POST', path: '/' }, (response) => resolve(text(response)));
    asked.once('error', (cause) => reject(new NoLab('The lab is not up. Start it with: parkway lab up', { cause })));
    asked.end(JSON.stringify(what));
  });
  const reply = replySchema.parse(JSON.parse(body));
  if (!reply.ok) throw new Error(reply.error);
  return reply.value;
}
