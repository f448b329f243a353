import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { openFind } from './find.tsx';
import { OrganizationLinks, PlatformLinks } from './navigation.tsx';
import { OrganizationSwitch, useOrganization } from './organization.tsx';
import { useMe } from './session.tsx';

/** The phone's bar below: Home, Plants, Find, VPN, More. */
export function TabBar() {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const on = { className: 'on', 'aria-current': 'page' as const };
  return (
    <>
      <nav className="tabbar" aria-label={t('nav.main')}>
        <Link to="/" activeOptions={{ exact: true, includeSearch: false }} activeProps={on}>
          <Icon name="home" />
          {t('nav.home')}
        </Link>
        <Link to="/plants" activeProps={on}>
          <Icon name="plants" />
          {t('nav.plants')}
        </Link>
        <button type="button" onClick={openFind}>
          <Icon name="search" />
          {t('nav.find')}
        </button>
        <Link to="/vpn" activeProps={on}>
          <Icon name="vpn" />
          {t('nav.vpnShort')}
        </Link>
        <button type="button" onClick={() => setOpen(true)} aria-expanded={isOpen}>
          <Icon name="more" />
          {t('nav.more')}
        </button>
      </nav>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={t('nav.more')}>
        {/* A link inside leads away, so the sheet closes with it. */}
        <div
          className="stack"
          onClickCapture={(event) => event.target instanceof Element && event.target.closest('a') && setOpen(false)}
        >
          <More />
        </div>
      </Dialog>
    </>
  );
}

function More() {
  const { t } = useTranslation();
  const { platformAdministrator } = useMe();
  const organization = useOrganization();
  return (
    <>
      <OrganizationSwitch />
      <nav className="nav" aria-label={t('nav.more')}>
        <Link to="/devices">
          <Icon name="device" />
          {t('nav.devices')}
        </Link>
        {organization !== undefined && (
          <OrganizationLinks organizationId={organization.organizationId} role={organization.role} />
        )}
        {platformAdministrator && <PlatformLinks />}
        <Link to="/security">
          <Icon name="lock" />
          {t('nav.profile')}
        </Link>
        <Link to="/ways">
          <Icon name="help" />
          {t('nav.ways')}
        </Link>
      </nav>
    </>
  );
}
