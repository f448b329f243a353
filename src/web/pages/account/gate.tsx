import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { LANGUAGES, isLanguage, setLanguage } from '../../i18n.ts';
import { SchemeButton } from '../../shell/shell.tsx';
import { Icon, Logo } from '../../ui/icon.tsx';
import { GateMap } from './gate-map.tsx';

/** What stands around the pages of somebody who is not signed in: the form on one side, the map on the other. */
export function Gate({ children }: { children: ReactNode }) {
  const { t, i18n } = useTranslation('account');
  return (
    <main className="gate">
      <div className="form">
        <div className="row between">
          <span className="brand" style={{ padding: 0 }}>
            <Logo />
            Parkway
          </span>
          <SchemeButton />
        </div>
        {children}
        <label className="row small dim">
          <Icon name="globe" />
          <span className="sr">{t('language')}</span>
          <select
            className="text"
            value={i18n.language}
            onChange={({ target }) => {
              if (isLanguage(target.value)) void setLanguage(target.value);
            }}
          >
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="map" aria-hidden="true">
        <GateMap />
        <p>{t('claim')}</p>
      </div>
    </main>
  );
}
