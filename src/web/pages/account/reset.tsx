import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { Note, ProblemNote } from '../../ui/note.tsx';
import { useFragment } from './fragment.ts';
import { Gate } from './gate.tsx';
import { NewPassword, isLongEnough } from './new-password.tsx';

/** Where a reset link leads, and where one is asked for. Whether an address has an account is told to nobody (USR-2). */
export function ResetPage() {
  const { t } = useTranslation(['account', 'common']);
  const token = useFragment().get('token');
  return (
    <Gate>
      <div className="stack g5">
        {token === null ? <Ask /> : <Choose token={token} />}
        <Link to="/sign-in" className="small">
          {t('toSignIn')}
        </Link>
      </div>
    </Gate>
  );
}

function Ask() {
  const { t } = useTranslation(['account', 'common']);
  const [email, setEmail] = useState('');
  const ask = useMutation({ mutationFn: () => bodyOf(api.POST('/api/v1/password-resets', { body: { email } })) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ask.isPending) ask.mutate();
  };
  return (
    <form className="stack g5" onSubmit={submit}>
      <div className="stack g2">
        <h1>{t('reset.title')}</h1>
        <p className="dim">{t('reset.lead')}</p>
      </div>
      {ask.error !== null && <ProblemNote error={ask.error} />}
      {ask.isSuccess && <Note>{t('reset.asked')}</Note>}
      <TextField
        label={t('email')}
        type="email"
        autoComplete="username"
        required
        value={email}
        onChange={({ target }) => setEmail(target.value)}
      />
      <Button kind="primary" type="submit" className="wide" busy={ask.isPending}>
        {t('reset.ask')}
      </Button>
    </form>
  );
}

function Choose({ token }: { token: string }) {
  const { t } = useTranslation(['account', 'common']);
  const [password, setPassword] = useState('');
  const accept = useMutation({
    mutationFn: () => bodyOf(api.POST('/api/v1/password-resets/accept', { body: { token, password } })),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!accept.isPending && isLongEnough(password)) accept.mutate();
  };
  return (
    <form className="stack g5" onSubmit={submit}>
      <h1>{t('reset.choose')}</h1>
      {accept.error !== null && <ProblemNote error={accept.error} />}
      {accept.isSuccess ? (
        <Note>{t('reset.done')}</Note>
      ) : (
        <>
          <NewPassword value={password} onChange={setPassword} />
          <Button kind="primary" type="submit" className="wide" busy={accept.isPending}>
            {t('reset.choose')}
          </Button>
        </>
      )}
    </form>
  );
}
