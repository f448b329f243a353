import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client.ts';
import { useMe } from '../../shell/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Copy } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/fields.tsx';
import { ProblemNote } from '../../ui/note.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { inFours } from '../../ui/values.ts';
import { CodeField } from './code-field.tsx';
import { RecoveryCode } from './recovery-code.tsx';

/** Setting up the app: password, QR code, first code, recovery code. It is active only after the first code. */
export function SecondFactorSetup({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(['account', 'common']);
  const { hasPassword } = useMe();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const start = useMutation({
    mutationFn: () => bodyOf(api.POST('/api/v1/me/second-factor/setup', { body: hasPassword ? { password } : {} })),
  });
  const confirm = useMutation({
    mutationFn: (given: string) => bodyOf(api.POST('/api/v1/me/second-factor/confirm', { body: { code: given } })),
    onError: () => setCode(''),
  });
  if (confirm.data !== undefined) return <RecoveryCode code={confirm.data.recoveryCode} onSaved={onClose} />;
  if (start.data === undefined)
    return (
      <Dialog
        open
        onClose={onClose}
        title={t('factor.setUp')}
        lead={t('factor.proof')}
        footer={
          <Button kind="primary" busy={start.isPending} onClick={() => start.mutate()}>
            {t('factor.continue')}
          </Button>
        }
      >
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            start.mutate();
          }}
        >
          {start.error !== null && <ProblemNote error={start.error} />}
          {hasPassword && (
            <TextField
              label={t('password')}
              type="password"
              autoComplete="current-password"
              autoFocus
              value={password}
              onChange={({ target }) => setPassword(target.value)}
            />
          )}
        </form>
      </Dialog>
    );
  const { secret, uri } = start.data;
  return (
    <Dialog open onClose={onClose} title={t('factor.scan')} lead={t('factor.scanLead')}>
      <div className="stack g5">
        <div className="scan">
          <QrCode text={uri} label={t('factor.qr')} />
          <div className="stack g2">
            <p>{t('factor.manual')}</p>
            <Copy value={secret} label={inFours(secret)} />
          </div>
        </div>
        <div className="stack g2">
          <b>{t('factor.first')}</b>
          {confirm.error !== null && <ProblemNote error={confirm.error} />}
          <CodeField
            label={t('challenge.code')}
            value={code}
            wrong={confirm.error !== null && code === ''}
            onChange={setCode}
            onComplete={(whole) => confirm.mutate(whole)}
          />
        </div>
      </div>
    </Dialog>
  );
}
