import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '../../shell/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Icon } from '../../ui/icon.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Status } from '../../ui/status.tsx';
import { ProfileTabs } from './profile-tabs.tsx';
import { SecondFactorSetup } from './second-factor-setup.tsx';
import { TurnOff } from './turn-off.tsx';

/** How you prove that it is you (USR-1). */
export function SecurityPage() {
  const { t } = useTranslation(['account', 'common']);
  const { secondFactor, user } = useMe();
  const client = useQueryClient();
  const [step, setStep] = useState<'none' | 'setup' | 'off'>('none');
  const done = () => {
    setStep('none');
    void client.invalidateQueries({ queryKey: ['me'] });
  };
  const isOn = secondFactor === 'on';
  return (
    <>
      <PageHead title={t('tabs.security')} lead={t('security.lead', { email: user.email })} />
      <ProfileTabs />
      <div className="stack g5">
        <Card
          title={t('factor.title')}
          end={
            <Status state={isOn ? 'active' : 'offline'} badge>
              {isOn ? t('factor.on') : t('factor.off')}
            </Status>
          }
        >
          <div className="stack">
            <p>{isOn ? t('factor.onLead') : t('factor.offLead')}</p>
            <div className="row wrap">
              {isOn ? (
                <Button kind="danger-quiet" onClick={() => setStep('off')}>
                  {t('factor.turnOff')}
                </Button>
              ) : (
                <Button kind="primary" icon="phone" onClick={() => setStep('setup')}>
                  {t('factor.setUp')}
                </Button>
              )}
            </div>
          </div>
        </Card>
        <Card title={t('next.title')}>
          <div className="stack">
            <p>{t('next.lead')}</p>
            <div>
              <Link to="/vpn" className="btn">
                <Icon name="key" />
                {t('next.vpn')}
              </Link>
            </div>
          </div>
        </Card>
      </div>
      {step === 'setup' && <SecondFactorSetup onClose={done} />}
      {step === 'off' && <TurnOff onClose={done} />}
    </>
  );
}
