import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { LANGUAGES, isLanguage, setLanguage } from '../../i18n.ts';
import { SchemeButton } from '../../shell/scheme.tsx';
import { SelectField } from '../../ui/fields.tsx';
import { Logo } from '../../ui/icon.tsx';
import map from './map.svg';

/** What stands around the pages of somebody who is not signed in: the form, and a picture of what it is about. */
export function Gate({ children }: { children: ReactNode }) {
  const { t, i18n } = useTranslation(['account', 'common']);
  return (
    <main className="gate">
      <div className="form">
        <div className="row between">
          <Link to="/sign-in" className="brand">
            <Logo />
            Parkway
          </Link>
          <SchemeButton />
        </div>
        <div className="mid">{children}</div>
        <div className="row">
          <SelectField
            label={t('language')}
            quiet
            value={i18n.language}
            onChange={({ target }) => isLanguage(target.value) && void setLanguage(target.value)}
            options={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          />
        </div>
      </div>
      <div className="map" aria-hidden="true">
        <img src={map} alt="" />
        <p>{t('promise')}</p>
      </div>
    </main>
  );
}
