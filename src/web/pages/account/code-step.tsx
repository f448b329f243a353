import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { Icon } from '../../ui/icon.tsx';
import { ProblemNote } from '../../ui/note.tsx';

interface CodeStepProps {
  readonly email: string;
  readonly challenge: string;
  readonly onChange: () => void;
  readonly onDone: () => void;
}

/** The second step: six digits, sent with the sixth, or the recovery code. */
export function CodeStep({ email, challenge, onChange, onDone }: CodeStepProps) {
  const { t } = useTranslation('account');
  const [code, setCode] = useState('');
  const [isRecovery, setRecovery] = useState(false);
  const pass = useMutation({
    mutationFn: (value: string) =>
      bodyOf(api.POST('/api/v1/sessions/challenge', { body: { challenge, code: value, cookie: true } })),
    onSuccess: onDone,
    onError: () => setCode(''),
  });
  const type = (text: string) => {
    if (isRecovery) return setCode(text);
    const digits = text.replaceAll(/\D/g, '').slice(0, 6);
    setCode(digits);
    if (digits.length === 6 && !pass.isPending) pass.mutate(digits);
  };
  return (
    <form
      className="mid"
      onSubmit={(event) => {
        event.preventDefault();
        if (code !== '' && !pass.isPending) pass.mutate(code);
      }}
    >
      <div className="stack g2">
        <h1>{t('codeTitle')}</h1>
        <p className="dim">{isRecovery ? t('recoveryHint') : t('codeLead')}</p>
      </div>
      <div className="row between">
        <span className="row">
          <Icon name="check" />
          {email}
        </span>
        <Button kind="quiet" small onClick={onChange}>
          {t('change')}
        </Button>
      </div>
      <TextField
        key={isRecovery ? 'recovery' : 'code'}
        label={isRecovery ? t('recovery') : t('code')}
        value={code}
        onChange={({ target }) => type(target.value)}
        autoComplete={isRecovery ? 'off' : 'one-time-code'}
        inputMode={isRecovery ? 'text' : 'numeric'}
        autoFocus
        required
      />
      {pass.error !== null && <ProblemNote error={pass.error} />}
      <Button type="submit" kind="primary" className="wide" busy={pass.isPending}>
        {t('signIn')}
      </Button>
      <div className="stack g2 small">
        <Button
          kind="quiet"
          small
          onClick={() => {
            setCode('');
            setRecovery(!isRecovery);
          }}
        >
          {isRecovery ? t('useCode') : t('useRecovery')}
        </Button>
        <span className="dim">{t('lostBoth')}</span>
      </div>
    </form>
  );
}
