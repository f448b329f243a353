/** What stands around every page of somebody signed in: sidebar on a desktop, bars on a phone, offline note. */
import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { signedOut } from '../api/client.ts';
import { Logo } from '../ui/icon.tsx';
import { initials } from '../ui/values.ts';
import { SchemeButton } from './scheme.tsx';
import { MainLinks, TabBar } from './links.tsx';
import { OfflineNote } from './offline.tsx';
import { OrganizationSwitch, useOrganization } from './organization.tsx';
import { SessionProvider, useMe, useSession } from './session.tsx';
import { TunnelCard } from './tunnel.tsx';
import { Shortcuts } from './shortcuts.tsx';

/** Lets through who is signed in; everybody else goes to the sign-in page, and comes back afterwards. */
export function Shell() {
  const session = useSession();
  const navigate = useNavigate();
  const client = useQueryClient();
  useEffect(() => {
    const leave = () => {
      client.clear();
      const back = location.pathname + location.search;
      void navigate({ to: '/sign-in', search: back === '/' ? {} : { return: back } });
    };
    signedOut.addEventListener('signed-out', leave);
    return () => signedOut.removeEventListener('signed-out', leave);
  }, [client, navigate]);
  if (session.data === undefined) return <OfflineNote />;
  return (
    <SessionProvider value={session.data}>
      <Frame />
    </SessionProvider>
  );
}

function Frame() {
  const { t } = useTranslation();
  return (
    <>
      <a className="skip" href="#main">
        {t('skip')}
      </a>
      <Shortcuts />
      <div className="app">
        <aside className="side" aria-label={t('nav.main')}>
          <Link to="/" className="brand">
            <Logo />
            Parkway
          </Link>
          <OrganizationSwitch />
          <nav className="nav" aria-label={t('nav.main')}>
            <MainLinks />
          </nav>
          <div className="foot">
            <TunnelCard />
            <Person />
          </div>
        </aside>
        <div>
          <PhoneBar />
          <main className="main" id="main" tabIndex={-1}>
            <div className="page">
              <OfflineNote />
              <Outlet />
            </div>
          </main>
        </div>
        <TabBar />
      </div>
    </>
  );
}

function Person() {
  const { t } = useTranslation();
  const { user, platformAdministrator } = useMe();
  const organization = useOrganization();
  const role = organization?.role ?? (platformAdministrator ? 'platform' : 'none');
  return (
    <div className="me">
      <Link to="/security" className="row grow" aria-label={t('nav.profile')}>
        <span className="glyph">{initials(user.name)}</span>
        <span className="grow">
          <b>{user.name}</b>
          <small>{t(`role.${role}`)}</small>
        </span>
      </Link>
      <SchemeButton />
    </div>
  );
}

function PhoneBar() {
  const { user } = useMe();
  const { t } = useTranslation();
  return (
    <div className="phonebar">
      <Logo />
      <b>Parkway</b>
      <span className="end">
        <Link to="/security" aria-label={t('nav.profile')} className="glyph">
          {initials(user.name)}
        </Link>
      </span>
    </div>
  );
}
