import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import {
  CAPABILITIES,
  type Capability,
  ORGANIZATION_ACTIONS,
  type OrganizationAction,
  type Standing,
  can,
  mayAdminister,
  membershipAction,
} from './capabilities.ts';
import { type JobRole, ORGANIZATION_ROLES, type OrganizationRole } from './roles.ts';

const STANDINGS: readonly (readonly [heading: string, standing: Standing])[] = [
  ['Operator', { role: 'operator', leadsOwner: false }],
  ['Technical Manager', { role: 'technical_manager', leadsOwner: false }],
  ['Asset Manager (Commercial)', { role: 'asset_manager_commercial', leadsOwner: false }],
  ['Viewer', { role: 'viewer', leadsOwner: false }],
  ['Administrator or Moderator of the owner', { role: 'operator', leadsOwner: true }],
  ['Nobody', { role: undefined, leadsOwner: false }],
];

const ROLE_HEADINGS: Record<OrganizationRole, string> = {
  administrator: 'Administrator',
  moderator: 'Moderator',
  member: 'Member',
  guest: 'Guest',
};

const capabilities = Object.keys(CAPABILITIES).filter((key): key is Capability => key in CAPABILITIES);
const actions = Object.keys(ORGANIZATION_ACTIONS).filter(
  (key): key is OrganizationAction => key in ORGANIZATION_ACTIONS,
);
const yesNo = (allowed: boolean) => (allowed ? 'yes' : 'no');

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function onPlants(): string {
  const rows = capabilities.map((capability) => [
    CAPABILITIES[capability].title,
    ...STANDINGS.map(([, standing]) => yesNo(can(capability, standing))),
  ]);
  return table(['On a plant', ...STANDINGS.map(([heading]) => heading)], rows);
}

function inOrganizations(): string {
  const roles = ORGANIZATION_ROLES.toReversed();
  const rows = actions.map((action) => [
    ORGANIZATION_ACTIONS[action].title,
    ...roles.map((role) => yesNo(mayAdminister(action, role))),
    yesNo(mayAdminister(action, undefined)),
  ]);
  return table(['In an organization', ...roles.map((role) => ROLE_HEADINGS[role]), 'Nobody'], rows);
}

const PAGE = `<!-- Printed by src/access/permissions.test.ts. To change it, change src/access/capabilities.ts and run
npx vitest run --project unit -u src/access/permissions.test.ts -->

# Who may do what

## On a plant

People get a role on a plant from five sources: they are Administrator or Moderator of the organization that owns it
(which makes them Operator on every plant of it); the owner granted them a role on the plant, or on the portfolio that it is
in; or a cooperating organization was given the plant, or the portfolio, and assigned it to them. From a cooperation nobody gets
more than the owner allowed, and nothing while it is not accepted, is paused or has ended. Who has several sources
has the strongest role of them. Deleted users have none.

${onPlants()}

"Nobody" is everybody without a source: people of other organizations, Members and Guests without a grant, and
platform administrators, who run the installation and gain nothing on any plant by that.

## In an organization

${inOrganizations()}

"Nobody" is everybody who is not in the organization, platform administrators included. What an organization received by a
cooperation, it cannot share on.
`;

describe('permissions', () => {
  it('are those of the committed page', async () => {
    await expect(await format(PAGE, { parser: 'markdown' })).toMatchFileSnapshot('../../docs/permissions.md');
  });

  it('grow with the job role: a stronger role may all that a weaker one may (ACC-3)', () => {
    const strongestFirst: JobRole[] = ['operator', 'technical_manager', 'asset_manager_commercial', 'viewer'];
    for (const capability of capabilities) {
      const allowed = strongestFirst.map((role) => can(capability, { role, leadsOwner: false }));
      expect(allowed).toEqual(allowed.toSorted((a, b) => Number(b) - Number(a)));
    }
  });

  it('leading the owner gives everything on its plants (ACC-4)', () => {
    expect(capabilities.filter((capability) => !can(capability, { role: 'operator', leadsOwner: true }))).toEqual([]);
  });

  it('only Operators have routes, and nobody has anything without a role', () => {
    expect(STANDINGS.filter(([, standing]) => can('vpn-routes', standing)).map(([heading]) => heading)).toEqual([
      'Operator',
      'Administrator or Moderator of the owner',
    ]);
    expect(capabilities.filter((capability) => can(capability, { role: undefined, leadsOwner: false }))).toEqual([]);
  });

  it('a change that touches an Administrator or a Moderator is for Administrators alone', () => {
    expect(membershipAction(undefined, 'member')).toBe('manage-members');
    expect(membershipAction('guest', undefined)).toBe('manage-members');
    expect(membershipAction('member', 'moderator')).toBe('manage-leaders');
    expect(membershipAction('administrator', undefined)).toBe('manage-leaders');
    expect(membershipAction('moderator', 'guest')).toBe('manage-leaders');
    expect(mayAdminister('manage-leaders', 'moderator')).toBe(false);
  });
});
