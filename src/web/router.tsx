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

const routeTree = root.addChildren([
  signIn,
  invitation,
  reset,
  shell.addChildren([home, plants, vpn, security, sessions]),
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
