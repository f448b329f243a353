import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client.ts';
import { useMe } from '../../shell/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/fields.tsx';
import { ProblemNote } from '../../ui/note.tsx';

/** Turning the second step off asks for both proofs again. */
export function TurnOff({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(['account', 'common']);
  const { hasPassword } = useMe();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const off = useMutation({
    mutationFn: () =>
      bodyOf(api.POST('/api/v1/me/second-factor/off', { body: hasPassword ? { password, code } : { code } })),
    onSuccess: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!off.isPending) off.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={t('factor.turnOff')} lead={t('factor.turnOffLead')}>
      <form className="stack" onSubmit={submit}>
        {off.error !== null && <ProblemNote error={off.error} />}
        {hasPassword && (
          <TextField
            label={t('password')}
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={({ target }) => setPassword(target.value)}
          />
        )}
        <TextField
          label={t('factor.codeOrRecovery')}
          autoComplete="one-time-code"
          required
          value={code}
          onChange={({ target }) => setCode(target.value)}
        />
        <div className="row">
          <Button kind="danger" type="submit" busy={off.isPending}>
            {t('factor.turnOff')}
          </Button>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
