import { useTranslation } from 'react-i18next';
import { useMe } from '../../shell/session.tsx';
import { Copy } from '../../ui/copy.tsx';
import { Icon, Logo } from '../../ui/icon.tsx';
import { inFours, useValues } from '../../ui/values.ts';
import type { Certificate } from './issue.ts';

/** The certificate, as something one has: address, key to compare by eye, dates (VPN-15). */
export function Pass({ certificate }: { certificate: Certificate }) {
  const { t } = useTranslation(['vpn', 'common']);
  const { day } = useValues();
  const { user } = useMe();
  const { address, publicKey, profile, issuedAt, rotatedAt } = certificate;
  return (
    <section className="pass">
      <svg
        className="art"
        viewBox="0 0 380 290"
        preserveAspectRatio="xMaxYMid slice"
        fill="none"
        stroke="currentColor"
        strokeWidth="5"
        strokeLinecap="round"
        aria-hidden="true"
      >
        <path d="M400 76h-66l-44 44v58M400 164h-30l-36 36v110M290 178l-26 26" />
        <circle cx="334" cy="76" r="8" />
        <circle cx="334" cy="200" r="8" />
      </svg>
      <div className="stack g5">
        <div className="row between">
          <h2 className="row">
            <Logo />
            {t('pass.title')}
          </h2>
          <span className="state">
            <Icon name="check" />
            {t('pass.valid')}
          </span>
        </div>
        <div>
          <small>{user.name}</small>
          <div>
            <Copy value={address} />
          </div>
        </div>
        <div>
          <small className="row">
            {t('pass.key')}
            <Copy value={publicKey} label="" />
          </small>
          <div className="key">{inFours(publicKey)}</div>
        </div>
        <div className="row wrap between">
          <div>
            <small>{t('pass.issued')}</small>
            <div>{day(new Date(issuedAt))}</div>
          </div>
          <div>
            <small>{t('pass.changed')}</small>
            <div>{rotatedAt === null ? t('pass.never') : day(new Date(rotatedAt))}</div>
          </div>
          <div>{profile === 'full' ? t('pass.full') : t('pass.alias')}</div>
        </div>
      </div>
    </section>
  );
}
