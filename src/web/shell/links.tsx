import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icon.tsx';

const ON = { className: 'on', 'aria-current': 'page' as const };

/** The pages that everybody has: in the sidebar on a desktop, in the bar below on a phone. */
export function MainLinks() {
  const { t } = useTranslation();
  return (
    <>
      <Link to="/" activeOptions={{ exact: true, includeSearch: false }} activeProps={ON}>
        <Icon name="home" />
        {t('nav.home')}
      </Link>
      <Link to="/plants" activeProps={ON}>
        <Icon name="plants" />
        {t('nav.plants')}
      </Link>
      <Link to="/vpn" activeProps={ON}>
        <Icon name="vpn" />
        {t('nav.vpn')}
      </Link>
    </>
  );
}

/** The phone's bar below: the pages, and the profile. */
export function TabBar() {
  const { t } = useTranslation();
  return (
    <nav className="tabbar" aria-label={t('nav.main')}>
      <MainLinks />
      <Link to="/security" activeProps={ON}>
        <Icon name="lock" />
        {t('nav.profile')}
      </Link>
    </nav>
  );
}
