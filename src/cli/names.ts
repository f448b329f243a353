import {
  type CooperationJson,
  type ShareJson,
  assignmentSchema,
  cooperationSchema,
  shareSchema,
} from '../wire/rest/cooperations.ts';
import { type MemberJson, memberSchema } from '../wire/rest/members.ts';
import { organizationSchema } from '../wire/rest/organizations.ts';
import { type PlantJson, plantSchema } from '../wire/rest/plants.ts';
import { portfolioSchema } from '../wire/rest/portfolios.ts';
import type { Api } from './client.ts';
import { EXIT, Failure, wrongUsage } from './failures.ts';
import { printable } from './table.ts';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a text is an id, and so needs no look-up. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** A name as names are compared: in any case of letters, and however a keyboard composes an umlaut. */
export function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/**
 * The one item that a text names: by id, else by one of the names that `namesOf` gives, in any case of letters. `kind` is
 * for the message, `where` the command that lists them. Throws Failure: refused when there is none, usage when several.
 */
export function pick<T extends { readonly id: string }>(
  items: readonly T[],
  text: string,
  namesOf: (item: T) => readonly string[],
  kind: string,
  where: string,
): T {
  const wanted = folded(text);
  const found = items.filter((item) => item.id === wanted || namesOf(item).some((name) => folded(name) === wanted));
  const [first, ...others] = found;
  if (first === undefined) {
    const near = items.flatMap(namesOf).filter((name) => folded(name).includes(wanted));
    const hint = near.length === 0 ? `'${where}' lists them.` : `There is: ${near.join(', ')}.`;
    throw new Failure(EXIT.refused, `There is no ${kind} “${text}”, or it is not yours to see. ${hint}`);
  }
  if (others.length === 0) return first;
  const candidates = found.map((item) => `\n  ${item.id}  ${printable(namesOf(item).at(-1) ?? '')}`).join('');
  throw wrongUsage(`“${text}” may be any of these. Give the id:${candidates}`);
}

/** A plant by id, name or `organization/name`. */
export async function plantNamed(api: Api, text: string): Promise<PlantJson> {
  if (isId(text)) return (await api.get(`/plants/${text}`, plantSchema)).value;
  const plants = await api.list('/plants', plantSchema);
  return pick(
    plants.value,
    text,
    (plant) => [plant.name, `${plant.organization.name}/${plant.name}`],
    'plant',
    'parkway plants',
  );
}

/** The id of a plant, see `plantNamed`. */
export async function plantId(api: Api, text: string): Promise<string> {
  return isId(text) ? text : (await plantNamed(api, text)).id;
}

/** The id of an organization by id or name; without a text, of the only one there is to see. */
export async function organizationId(api: Api, text: string | undefined): Promise<string> {
  if (text !== undefined && isId(text)) return text;
  const { value } = await api.list('/organizations', organizationSchema);
  if (text !== undefined) return pick(value, text, ({ name }) => [name], 'organization', 'parkway organizations').id;
  const [only, ...others] = value.filter((one) => one.role !== null);
  if (only !== undefined && others.length === 0) return only.id;
  const names = value.map((one) => printable(one.name)).join(', ');
  throw wrongUsage(`Say which organization with --organization <name or id>. You see: ${names || 'none'}.`);
}

/** The id of a portfolio of an organization, by id or name. */
export async function portfolioId(api: Api, organization: string | undefined, text: string): Promise<string> {
  if (isId(text)) return text;
  const items = await api.list(`/organizations/${await organizationId(api, organization)}/portfolios`, portfolioSchema);
  return pick(items.value, text, ({ name }) => [name], 'portfolio', 'parkway portfolios').id;
}

/** The id of a member's account in an organization, by id, email address or name. */
export async function userId(api: Api, organization: string, text: string): Promise<string> {
  if (isId(text)) return text;
  const members = await api.list(`/organizations/${organization}/members`, memberSchema);
  const people = members.value.map((member: MemberJson) => ({ ...member, id: member.userId }));
  return pick(people, text, ({ name, email }) => [name, email], 'member', 'parkway members').id;
}

/** A cooperation by id, or by the name of the other organization; `organization` is the own one. */
export async function cooperationNamed(
  api: Api,
  organization: string | undefined,
  text: string,
): Promise<CooperationJson> {
  if (isId(text)) return (await api.get(`/cooperations/${text}`, cooperationSchema)).value;
  const own = await organizationId(api, organization);
  const { value } = await api.list(`/organizations/${own}/cooperations`, cooperationSchema);
  const live = value.filter(({ status }) => status !== 'ended');
  const other = ({ owner, partner }: CooperationJson) => (owner.id === own ? partner : owner).name;
  return pick(live, text, (one) => [other(one)], 'cooperation with', 'parkway cooperations');
}

/** The id of a share of a cooperation, by id or by the plant or portfolio that is shared. */
export async function shareId(api: Api, cooperation: string, text: string): Promise<string> {
  if (isId(text)) return text;
  const { value } = await api.list(`/cooperations/${cooperation}/shares`, shareSchema);
  return pick(value, text, sharedNames, 'share of', 'parkway cooperations shares').id;
}

/** The id of an assignment of a share, by id or by the member it is for. */
export async function assignmentId(api: Api, share: string, text: string): Promise<string> {
  if (isId(text)) return text;
  const { value } = await api.list(`/shares/${share}/assignments`, assignmentSchema);
  return pick(value, text, ({ user }) => [user.name, user.email], 'assignment to', 'parkway cooperations assignments')
    .id;
}

function sharedNames({ plant, portfolio }: ShareJson): string[] {
  return [plant, portfolio].flatMap((one) => (one === null ? [] : [one.name]));
}
