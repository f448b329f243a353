import type { Told } from '../../store/events.ts';
import type { EventJson } from '../../wire/rest/events.ts';

/** What was told and is not passed on yet. Notifications that say the same are one. */
export interface Inbox extends Told {
  readonly organizations: Set<string>;
  readonly persons: Set<string>;
  readonly portfolios: Set<string>;
  readonly plants: Set<number>;
  readonly statuses: Set<number>;
  /** User id and topic, with a space between them. */
  readonly users: Set<string>;
  readonly everybody: Set<EventJson['topic']>;
  /** Sessions and API tokens that are over. */
  readonly ended: Set<string>;
  /** Platform administrators have something to read again. */
  platform: boolean;
  /** The revisions that a gateway confirmed: after the first, up to the last. */
  confirmed: { from: number; to: number } | undefined;
}

/** Nothing was told. */
export function emptyInbox(): Inbox {
  return {
    organizations: new Set(),
    persons: new Set(),
    portfolios: new Set(),
    plants: new Set(),
    statuses: new Set(),
    users: new Set(),
    everybody: new Set(),
    ended: new Set(),
    platform: false,
    confirmed: undefined,
  };
}

/** Puts a notification of `parkway_event` in: scope, key and topic, as migration 0009 tells them. */
export function take(inbox: Inbox, payload: string): void {
  const [scope = '', key = '', topic = ''] = payload.split(' ');
  switch (scope) {
    case 'user':
      inbox.users.add(`${key} ${topic}`);
      break;
    case 'organization':
      inbox.organizations.add(`${key} ${topic}`);
      break;
    case 'person':
      inbox.persons.add(key);
      break;
    case 'portfolio':
      inbox.portfolios.add(key);
      break;
    case 'plant':
      inbox.plants.add(Number(key));
      if (topic === 'status') takeStatus(inbox, Number(key));
      break;
    case 'credential':
      inbox.ended.add(key);
      break;
    case 'platform':
      inbox.platform = true;
      break;
    case 'confirmed':
      takeConfirmed(inbox, key);
      break;
    default:
      // "everybody", and what a later release tells.
      takeEverybody(inbox, topic);
  }
}

function takeStatus(inbox: Inbox, plant: number): void {
  inbox.statuses.add(plant);
  inbox.platform = true;
}

function takeConfirmed(inbox: Inbox, range: string): void {
  const [from = 0, to = 0] = range.split('-').map(Number);
  const { confirmed = { from, to } } = inbox;
  inbox.confirmed = { from: Math.min(confirmed.from, from), to: Math.max(confirmed.to, to) };
  inbox.platform = true;
}

const FOR_EVERYBODY: readonly EventJson['topic'][] = ['routes', 'certificate', 'organization', 'cooperations', 'me'];

function takeEverybody(inbox: Inbox, topic: string): void {
  if (topic === 'platform') inbox.platform = true;
  else if (topic === 'plants') inbox.everybody.add('plants');
  else if (topic === 'status') {
    inbox.everybody.add('plants').add('routes');
    inbox.platform = true;
  } else inbox.everybody.add(FOR_EVERYBODY.find((known) => known === topic) ?? 'all');
}
