import { eventSchema } from '../../wire/rest/events.ts';
import type { App } from './app.ts';
import { openStream } from './event-stream.ts';

/** How long a browser waits before it connects again, in milliseconds. */
const RETRY_MS = 1000;

/** What to read again, as it changes (VPN-13). */
export function eventRoutes(app: App): void {
  app.get(
    '/events',
    {
      config: { access: 'anyone' },
      schema: {
        operationId: 'streamEvents',
        summary: 'Server-sent events that say what to read again; they carry no data',
        tags: ['Events'],
        response: {
          200: {
            description: 'A stream of events, each with an `Event` as its data, and a comment every 15 seconds',
            content: { 'text/event-stream': { schema: eventSchema } },
          },
        },
      },
    },
    ({ actor, headers }, reply) => {
      const { streams } = app;
      streams.demandRoom(actor.userId);
      const { raw } = reply;
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) raw.setHeader(name, value);
      }
      reply.hijack();
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        // Proxies that collect an answer before they pass it on would keep events back.
        'x-accel-buffering': 'no',
        // Nothing else comes on the connection, so a stop has not to wait for it.
        connection: 'close',
      });
      // An id from the beginning: a browser that comes back names the last one, and is told to read everything again.
      raw.write(`retry: ${RETRY_MS}\nid: 0\n\n`);
      const stream = openStream(actor, raw);
      streams.add(stream);
      raw.on('close', () => streams.remove(stream));
      if (headers['last-event-id'] !== undefined) stream.tell([{ topic: 'all' }], 0);
    },
  );
}
