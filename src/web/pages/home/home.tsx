import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { certificateQuery } from '../../shell/tunnel.tsx';
import { useMe } from '../../shell/session.tsx';
import { Card } from '../../ui/card.tsx';
import { Empty } from '../../ui/empty.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Load } from '../../ui/load.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Status } from '../../ui/status.tsx';
import { useValues } from '../../ui/values.ts';
import { agentState } from '../plants/filter.ts';
import { plantsQuery } from '../plants/list.tsx';
import { Waiting } from './waiting.tsx';

/** As many plants as Home shows before one goes to the list. */
const FIRST = 8;

/** Where to? The search first, then plants, the certificate, and what waits for a person. */
export function HomePage() {
  const { t } = useTranslation(['home', 'common']);
  const { number } = useValues();
  const me = useMe();
  const plants = useQuery(plantsQuery);
  const count = plants.data?.length ?? 0;
  return (
    <>
      <PageHead
        title={t('title')}
        lead={plants.data === undefined ? t('lead') : t('reach', { count, number: number(count) })}
      />
      <div className="stack g5">
        <div className="cols a">
          <Card title={t('plants')} aside={<span className="dimmer">{number(count)}</span>} flush>
            <Load query={plants} rows={5}>
              {(all) =>
                all.length === 0 ? (
                  <Empty icon="plants" title={t('none.title')}>
                    {me.platformAdministrator && me.memberships.length === 0 ? t('none.platform') : t('none.detail')}
                  </Empty>
                ) : (
                  <ul className="list">
                    {all.slice(0, FIRST).map((plant) => (
                      <li key={plant.id}>
                        <span className="grow">
                          <b>{plant.name}</b>
                          <small>
                            {plant.organization.name}, {plant.portfolio.name}
                          </small>
                        </span>
                        <span className="tag no-phone">{t(`common:jobRole.${plant.role}`)}</span>
                        <Status state={agentState(plant)} badge />
                      </li>
                    ))}
                  </ul>
                )
              }
            </Load>
            {count > FIRST && (
              <footer>
                <Link to="/plants">{t('allPlants', { count, number: number(count) })}</Link>
              </footer>
            )}
          </Card>
          <div className="stack g5">
            <CertificateCard />
            <Waiting />
          </div>
        </div>
      </div>
    </>
  );
}

function CertificateCard() {
  const { t } = useTranslation(['home', 'common']);
  const { moment } = useValues();
  const certificate = useQuery(certificateQuery);
  return (
    <Card title={t('vpn.title')}>
      <Load query={certificate} rows={2}>
        {(one) =>
          one === null ? (
            <div className="stack">
              <p>{t('vpn.none')}</p>
              <Link to="/vpn" className="btn primary">
                <Icon name="key" />
                {t('vpn.issue')}
              </Link>
            </div>
          ) : (
            <div className="stack g2">
              <p className="dim">{t('vpn.issued', { at: moment(new Date(one.issuedAt)) })}</p>
              <Link to="/vpn">{t('vpn.open')}</Link>
            </div>
          )
        }
      </Load>
    </Card>
  );
}
