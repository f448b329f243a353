/** Every page with its address. A page's code comes when it is first opened. */
import { Outlet, createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Shell } from './shell/shell.tsx';
import { Missing, Broken } from './shell/missing.tsx';

const root = createRootRoute({ component: Outlet, notFoundComponent: Missing, errorComponent: Broken });

interface SignInSearch {
  /** Where to go afterwards: a path of this app. */
  readonly return?: string;
  readonly error?: string;
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): SignInSearch => ({
    ...(typeof search['return'] === 'string' && /^\/(?!\/)/.test(search['return']) ? { return: search['return'] } : {}),
    ...(typeof search['error'] === 'string' ? { error: search['error'] } : {}),
  }),
  component: lazyRouteComponent(() => import('./pages/account/sign-in.tsx'), 'SignInPage'),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./pages/account/invitation.tsx'), 'InvitationPage'),
});
const reset = createRoute({
  getParentRoute: () => root,
  path: '/reset',
  component: lazyRouteComponent(() => import('./pages/account/reset.tsx'), 'ResetPage'),
});

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/home/home.tsx'), 'HomePage'),
});
const plants = createRoute({
  getParentRoute: () => shell,
  path: '/plants',
  component: lazyRouteComponent(() => import('./pages/plants/list.tsx'), 'PlantsPage'),
});
const devices = createRoute({
  getParentRoute: () => shell,
  path: '/devices',
  component: lazyRouteComponent(() => import('./pages/devices/list.tsx'), 'DevicesPage'),
});
const plant = createRoute({
  getParentRoute: () => shell,
  path: '/plants/$plantId',
  component: lazyRouteComponent(() => import('./pages/plant/plant.tsx'), 'PlantPage'),
});
const plantOverview = createRoute({
  getParentRoute: () => plant,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/plant/overview.tsx'), 'PlantOverview'),
});
const plantDevices = createRoute({
  getParentRoute: () => plant,
  path: '/devices',
  component: lazyRouteComponent(() => import('./pages/plant/devices.tsx'), 'PlantDevices'),
});
const plantLog = createRoute({
  getParentRoute: () => plant,
  path: '/log',
  component: lazyRouteComponent(() => import('./pages/plant/log.tsx'), 'PlantLog'),
});
const plantNetworking = createRoute({
  getParentRoute: () => plant,
  path: '/networking',
  component: lazyRouteComponent(() => import('./pages/plant/networking.tsx'), 'PlantNetworking'),
});
const plantPeople = createRoute({
  getParentRoute: () => plant,
  path: '/people',
  component: lazyRouteComponent(() => import('./pages/plant/people.tsx'), 'PlantPeople'),
});
const plantSettings = createRoute({
  getParentRoute: () => plant,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/plant/settings.tsx'), 'PlantSettings'),
});

const vpn = createRoute({
  getParentRoute: () => shell,
  path: '/vpn',
  component: lazyRouteComponent(() => import('./pages/vpn/vpn.tsx'), 'VpnPage'),
});
const security = createRoute({
  getParentRoute: () => shell,
  path: '/security',
  component: lazyRouteComponent(() => import('./pages/account/security.tsx'), 'SecurityPage'),
});
const sessions = createRoute({
  getParentRoute: () => shell,
  path: '/sessions',
  component: lazyRouteComponent(() => import('./pages/account/sessions.tsx'), 'SessionsPage'),
});
const tokens = createRoute({
  getParentRoute: () => shell,
  path: '/tokens',
  component: lazyRouteComponent(() => import('./pages/account/tokens.tsx'), 'TokensPage'),
});
const preferences = createRoute({
  getParentRoute: () => shell,
  path: '/preferences',
  component: lazyRouteComponent(() => import('./pages/account/preferences.tsx'), 'PreferencesPage'),
});
const ways = createRoute({
  getParentRoute: () => shell,
  path: '/ways',
  component: lazyRouteComponent(() => import('./pages/ways/ways.tsx'), 'WaysPage'),
});

const portfolios = createRoute({
  getParentRoute: () => shell,
  path: '/organizations/$organizationId/portfolios',
  component: lazyRouteComponent(() => import('./pages/organization/portfolios.tsx'), 'PortfoliosPage'),
});
const members = createRoute({
  getParentRoute: () => shell,
  path: '/organizations/$organizationId/members',
  component: lazyRouteComponent(() => import('./pages/organization/members.tsx'), 'MembersPage'),
});
const member = createRoute({
  getParentRoute: () => shell,
  path: '/organizations/$organizationId/members/$userId',
  component: lazyRouteComponent(() => import('./pages/organization/member.tsx'), 'MemberPage'),
});
const cooperations = createRoute({
  getParentRoute: () => shell,
  path: '/organizations/$organizationId/cooperations',
  component: lazyRouteComponent(() => import('./pages/organization/cooperations.tsx'), 'CooperationsPage'),
});
const cooperation = createRoute({
  getParentRoute: () => shell,
  path: '/organizations/$organizationId/cooperations/$cooperationId',
  component: lazyRouteComponent(() => import('./pages/organization/cooperation.tsx'), 'CooperationPage'),
});

const gateways = createRoute({
  getParentRoute: () => shell,
  path: '/platform/gateways',
  component: lazyRouteComponent(() => import('./pages/platform/gateways.tsx'), 'GatewaysPage'),
});
const agents = createRoute({
  getParentRoute: () => shell,
  path: '/platform/agents',
  component: lazyRouteComponent(() => import('./pages/platform/agents.tsx'), 'AgentsPage'),
});
const organizations = createRoute({
  getParentRoute: () => shell,
  path: '/platform/organizations',
  component: lazyRouteComponent(() => import('./pages/platform/organizations.tsx'), 'OrganizationsPage'),
});
const corrections = createRoute({
  getParentRoute: () => shell,
  path: '/platform/corrections',
  component: lazyRouteComponent(() => import('./pages/platform/corrections.tsx'), 'CorrectionsPage'),
});
const health = createRoute({
  getParentRoute: () => shell,
  path: '/platform/health',
  component: lazyRouteComponent(() => import('./pages/platform/health.tsx'), 'HealthPage'),
});

const routeTree = root.addChildren([
  signIn,
  invitation,
  reset,
  shell.addChildren([
    home,
    plants,
    devices,
    plant.addChildren([plantOverview, plantDevices, plantLog, plantNetworking, plantPeople, plantSettings]),
    vpn,
    security,
    sessions,
    tokens,
    preferences,
    ways,
    portfolios,
    members,
    member,
    cooperations,
    cooperation,
    gateways,
    agents,
    organizations,
    corrections,
    health,
  ]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultNotFoundComponent: Missing,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
