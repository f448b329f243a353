import { z } from 'zod';

/** What an event can be about. */
export const TOPICS = [
  'routes',
  'certificate',
  'plants',
  'organization',
  'cooperations',
  'platform',
  'me',
  'sessions',
  'tokens',
  'revision',
  'all',
  'session-ended',
] as const;
export type Topic = (typeof TOPICS)[number];

/** What to read again. It says nothing of what changed: that comes from the API, by the rights of whoever asks. */
export const eventSchema = z
  .object({
    topic: z
      .enum(TOPICS)
      .describe(
        'all: events were missed, read everything again; revision: gateways confirmed one; session-ended: sign in again, the stream closes',
      ),
    revision: z.int().optional().describe('The latest revision when it was sent, or the one that was confirmed'),
    plantId: z.uuid().optional().describe('With plants: the one that is concerned; without it, the list'),
    organizationId: z.uuid().optional().describe('With organization'),
  })
  .meta({ id: 'Event' });
export type EventJson = z.output<typeof eventSchema>;
