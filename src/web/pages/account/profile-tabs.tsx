import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

const ON = { className: 'on', 'aria-current': 'page' as const };

/** The pages of one's profile, side by side; the one that is open is marked. */
export function ProfileTabs() {
  const { t } = useTranslation(['profile', 'common']);
  return (
    <nav className="tabs" aria-label={t('label')}>
      <Link to="/vpn" activeProps={ON}>
        {t('vpn')}
      </Link>
      <Link to="/security" activeProps={ON}>
        {t('security')}
      </Link>
      <Link to="/sessions" activeProps={ON}>
        {t('sessions')}
      </Link>
    </nav>
  );
}
