import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icon.tsx';

const ON = { className: 'on', 'aria-current': 'page' as const };

/** The links of the sidebar. */
export function Navigation() {
  const { t } = useTranslation();
  return (
    <nav className="nav" aria-label={t('nav.main')}>
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
    </nav>
  );
}
