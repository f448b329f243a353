import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client.ts';
import { useMe } from '../../shell/session.tsx';
import { certificateQuery } from '../../shell/tunnel.tsx';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { TextField } from '../../ui/fields.tsx';
import { Status } from '../../ui/status.tsx';
import { toast } from '../../ui/toast.tsx';
import { Confirm } from './confirm.tsx';
import { type Certificate, type Issued, rotate } from './issue.ts';
import { compareKey } from './key.ts';

/** What is done with a certificate: compare, rotate, revoke, each confirmed (VPN-4, VPN-15). */
export function Manage({ certificate, onIssued }: { certificate: Certificate; onIssued: (issued: Issued) => void }) {
  const { t } = useTranslation(['vpn', 'common']);
  const { user } = useMe();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<'rotate' | 'revoke'>();
  const rotating = useMutation({
    mutationFn: async () => {
      onIssued(await rotate());
      setAsked(undefined);
    },
  });
  const revoking = useMutation({
    mutationFn: () => bodyOf(api.DELETE('/api/v1/certificate')),
    onSuccess: () => {
      setAsked(undefined);
      toast(t('manage.revoked'));
      queries.setQueryData(certificateQuery.queryKey, null);
    },
  });
  const ask = (what: 'rotate' | 'revoke') => {
    rotating.reset();
    revoking.reset();
    setAsked(what);
  };
  const cancel = () => setAsked(undefined);
  return (
    <Card red title={t('manage.title')}>
      <div className="cols b">
        <Compare current={certificate.publicKey} />
        <div className="stack g3">
          <div className="row top between wrap">
            <div className="grow">
              <h3>{t('manage.rotateTitle')}</h3>
              <p className="dim small">{t('manage.rotateHint')}</p>
            </div>
            <Button kind="danger-quiet" icon="fix" onClick={() => ask('rotate')}>
              {t('manage.rotate')}
            </Button>
          </div>
          <div className="row top between wrap">
            <div className="grow">
              <h3>{t('manage.revokeTitle')}</h3>
              <p className="dim small">{t('manage.revokeHint')}</p>
            </div>
            <Button kind="danger-quiet" icon="x" onClick={() => ask('revoke')}>
              {t('manage.revoke')}
            </Button>
          </div>
        </div>
      </div>
      {asked === 'rotate' && (
        <Confirm
          title={t('manage.rotateAsk')}
          ends={t('manage.rotateEnds')}
          stays={t('manage.rotateStays')}
          act={t('manage.rotate')}
          change={rotating}
          onClose={cancel}
        />
      )}
      {asked === 'revoke' && (
        <Confirm
          title={t('manage.revokeAsk')}
          ends={t('manage.revokeEnds')}
          stays={t('manage.revokeStays')}
          act={t('manage.revoke')}
          word={user.name}
          change={revoking}
          onClose={cancel}
        />
      )}
    </Card>
  );
}

/** Whether a client has the current key: its public key is pasted, and goes nowhere. */
function Compare({ current }: { current: string }) {
  const { t } = useTranslation(['vpn', 'common']);
  const [pasted, setPasted] = useState('');
  const result = compareKey(pasted, current);
  return (
    <div className="stack g3">
      <h3>{t('manage.check')}</h3>
      <TextField
        label={t('manage.checkLabel')}
        hint={t('manage.checkHint')}
        error={result === 'malformed' ? t('manage.malformed') : undefined}
        value={pasted}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => setPasted(target.value)}
      />
      <div role="status">
        {result === 'same' && <Status state="active">{t('manage.same')}</Status>}
        {result === 'stale' && <Status state="unreachable">{t('manage.stale')}</Status>}
      </div>
    </div>
  );
}
