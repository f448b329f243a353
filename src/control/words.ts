import type { JobRole, OrganizationRole } from '../access/roles.ts';

const TITLES: Readonly<Record<JobRole | OrganizationRole | 'leads_owner', string>> = {
  operator: 'Operator',
  technical_manager: 'Technical Manager',
  asset_manager_commercial: 'Asset Manager (Commercial)',
  viewer: 'Viewer',
  administrator: 'Administrator',
  moderator: 'Moderator',
  member: 'Member',
  guest: 'Guest',
  leads_owner: 'Administrator or Moderator of the owner',
};

/** What people call a role. */
export function titleOf(role: keyof typeof TITLES): string {
  return TITLES[role];
}

/** `a, b or c`. */
export function list(words: readonly string[], conjunction: 'and' | 'or'): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}
