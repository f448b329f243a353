/** A page of the web app in one of its states, as the mock shows it. */
export interface PageState {
  /** Of its screenshot: area first. */
  readonly name: string;
  /** With the mock's wishes: `?as=`, `?state=`, `?size=`. */
  readonly path: string;
  /** A selector that is there when the page is; its h1 unless given. */
  readonly ready?: string;
}

/** Every page of the web app, for screenshots, accessibility and languages. */
export const PAGES: readonly PageState[] = [
  { name: 'missing', path: '/nowhere', ready: '.empty' },
  { name: 'home', path: '/' },
  { name: 'home-empty', path: '/?state=empty' },
  { name: 'home-platform', path: '/?as=platform' },
  { name: 'plants', path: '/plants' },
  { name: 'plants-empty', path: '/plants?state=empty' },
  { name: 'plants-error', path: '/plants?state=error' },
  { name: 'plants-offline', path: '/plants?state=offline', ready: '.offbar' },
  { name: 'vpn', path: '/vpn', ready: '.fork' },
  { name: 'vpn-many', path: '/vpn?size=60', ready: '.fork' },
  { name: 'vpn-empty', path: '/vpn?state=empty', ready: '.steps' },
  { name: 'vpn-error', path: '/vpn?state=error' },
  { name: 'account-sign-in', path: '/sign-in?as=nobody' },
  { name: 'account-sign-in-error', path: '/sign-in?as=nobody&error=no-account' },
  { name: 'account-invitation', path: '/invitation?as=nobody#pwi_mock' },
  { name: 'account-reset', path: '/reset?as=nobody' },
  { name: 'account-reset-link', path: '/reset?as=nobody#pwr_mock' },
  { name: 'account-security', path: '/security' },
  { name: 'account-security-off', path: '/security?as=new' },
  { name: 'account-sessions', path: '/sessions' },
];
