import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { Icon } from '../../ui/icon.tsx';
import { ProblemNote } from '../../ui/note.tsx';
import { CodeField } from './code-field.tsx';

interface ChallengeProps {
  readonly challenge: string;
  readonly email: string;
  readonly onBack: () => void;
  readonly onSignedIn: () => void;
}

/** The second step: the code of the app, sent with its sixth digit, or the recovery code. */
export function Challenge({ challenge, email, onBack, onSignedIn }: ChallengeProps) {
  const { t } = useTranslation(['account', 'common']);
  const [code, setCode] = useState('');
  const [isRecovery, setRecovery] = useState(false);
  const pass = useMutation({
    mutationFn: (given: string) =>
      bodyOf(api.POST('/api/v1/sessions/challenge', { body: { challenge, code: given, cookie: true } })),
    onSuccess: onSignedIn,
    onError: () => setCode(''),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!pass.isPending && code !== '') pass.mutate(code);
  };
  return (
    <form className="stack g5" onSubmit={submit}>
      <div className="stack g2">
        <h1>{isRecovery ? t('challenge.recoveryTitle') : t('challenge.title')}</h1>
        <p className="dim">{isRecovery ? t('challenge.recoveryLead') : t('challenge.lead')}</p>
      </div>
      {email !== '' && (
        <div className="row between who-signs-in">
          <span className="row">
            <Icon name="check" />
            <span>{email}</span>
          </span>
          <button type="button" className="link-btn" onClick={onBack}>
            {t('challenge.change')}
          </button>
        </div>
      )}
      {pass.error !== null && <ProblemNote error={pass.error} />}
      {isRecovery ? (
        <TextField
          label={t('challenge.recovery')}
          autoComplete="off"
          autoFocus
          value={code}
          onChange={({ target }) => setCode(target.value)}
        />
      ) : (
        <CodeField
          label={t('challenge.code')}
          value={code}
          wrong={pass.error !== null && code === ''}
          onChange={setCode}
          onComplete={(whole) => pass.mutate(whole)}
        />
      )}
      <Button kind="primary" type="submit" className="wide" busy={pass.isPending}>
        {t('signIn.go')}
      </Button>
      <div className="stack g2 small">
        <button
          type="button"
          className="link-btn"
          onClick={() => {
            setCode('');
            setRecovery(!isRecovery);
          }}
        >
          {isRecovery ? t('challenge.useCode') : t('challenge.useRecovery')}
        </button>
        <span className="dim">{t('challenge.lost')}</span>
      </div>
    </form>
  );
}
