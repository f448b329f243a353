import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icon.tsx';
import { useOrganization } from './organization.tsx';
import { useMe } from './session.tsx';

/** The links of the sidebar: what everybody has, what the role in the chosen organization allows, the platform's. */
export function Navigation() {
  const { t } = useTranslation();
  const me = useMe();
  const organization = useOrganization();
  const isMember = me.memberships.length > 0;
  return (
    <>
      <nav className="nav" aria-label={t('nav.main')}>
        <Link to="/" activeOptions={{ exact: true, includeSearch: false }} activeProps={ON}>
          <Icon name="home" />
          {t('nav.home')}
        </Link>
        {(isMember || !me.platformAdministrator) && (
          <>
            <Link to="/plants" activeProps={ON}>
              <Icon name="plants" />
              {t('nav.plants')}
            </Link>
            <Link to="/devices" activeProps={ON}>
              <Icon name="device" />
              {t('nav.devices')}
            </Link>
          </>
        )}
        <Link to="/vpn" activeProps={ON}>
          <Icon name="vpn" />
          {t('nav.vpn')}
        </Link>
      </nav>
      {organization !== undefined && (
        <nav className="nav" aria-label={t('nav.organization')}>
          <h3>{t('nav.organization')}</h3>
          <OrganizationLinks organizationId={organization.organizationId} role={organization.role} />
        </nav>
      )}
      {me.platformAdministrator && (
        <nav className="nav" aria-label={t('nav.platform')}>
          <h3>{t('nav.platform')}</h3>
          <PlatformLinks />
        </nav>
      )}
    </>
  );
}

const ON = { className: 'on', 'aria-current': 'page' as const };

export function OrganizationLinks({ organizationId, role }: { organizationId: string; role: string }) {
  const { t } = useTranslation();
  const params = { organizationId };
  const leads = role === 'administrator' || role === 'moderator';
  return (
    <>
      <Link to="/organizations/$organizationId/portfolios" params={params} activeProps={ON}>
        <Icon name="stack" />
        {t('nav.portfolios')}
      </Link>
      <Link to="/organizations/$organizationId/members" params={params} activeProps={ON}>
        <Icon name="people" />
        {t('nav.members')}
      </Link>
      {leads && (
        <Link to="/organizations/$organizationId/cooperations" params={params} activeProps={ON}>
          <Icon name="coop" />
          {t('nav.cooperations')}
        </Link>
      )}
    </>
  );
}

export function PlatformLinks() {
  const { t } = useTranslation();
  return (
    <>
      <Link to="/platform/gateways" activeProps={ON}>
        <Icon name="gateway" />
        {t('nav.gateways')}
      </Link>
      <Link to="/platform/agents" activeProps={ON}>
        <Icon name="host" />
        {t('nav.agents')}
      </Link>
      <Link to="/platform/organizations" activeProps={ON}>
        <Icon name="org" />
        {t('nav.organizations')}
      </Link>
      <Link to="/platform/corrections" activeProps={ON}>
        <Icon name="fix" />
        {t('nav.corrections')}
      </Link>
      <Link to="/platform/health" activeProps={ON}>
        <Icon name="clock" />
        {t('nav.health')}
      </Link>
    </>
  );
}
