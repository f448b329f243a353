import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

/** The pages of one's profile, side by side; the one that is open is marked. */
export function ProfileTabs() {
  const { t } = useTranslation(['profile', 'common']);
  const on = { className: 'on' };
  return (
    <nav className="tabs" aria-label={t('label')}>
      <Link to="/vpn" activeProps={on}>
        {t('vpn')}
      </Link>
      <Link to="/security" activeProps={on}>
        {t('security')}
      </Link>
      <Link to="/sessions" activeProps={on}>
        {t('sessions')}
      </Link>
      <Link to="/tokens" activeProps={on}>
        {t('tokens')}
      </Link>
      <Link to="/preferences" activeProps={on}>
        {t('preferences')}
      </Link>
    </nav>
  );
}
