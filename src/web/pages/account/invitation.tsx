import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { Note, ProblemNote } from '../../ui/note.tsx';
import { useFragment } from './fragment.ts';
import { Gate } from './gate.tsx';
import { NewPassword, isLongEnough } from './new-password.tsx';

/** Where an invitation's link leads: choose a name and a password, and go on to the second step. */
export function InvitationPage() {
  const { t } = useTranslation(['account', 'common']);
  const token = useFragment().get('token');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();
  const accept = useMutation({
    mutationFn: () => {
      const named = name.trim() === '' ? {} : { name: name.trim() };
      return bodyOf(
        api.POST('/api/v1/invitations/accept', { body: { token: token ?? '', password, cookie: true, ...named } }),
      );
    },
    onSuccess: () => {
      client.clear();
      void navigate({ to: '/security', replace: true });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!accept.isPending && isLongEnough(password)) accept.mutate();
  };
  return (
    <Gate>
      <form className="stack g5" onSubmit={submit}>
        <div className="stack g2">
          <h1>{t('invitation.title')}</h1>
          <p className="dim">{t('invitation.lead')}</p>
        </div>
        {token === null ? (
          <Note kind="warn">{t('invitation.noToken')}</Note>
        ) : (
          <>
            {accept.error !== null && <ProblemNote error={accept.error} />}
            <TextField
              label={t('name')}
              hint={t('invitation.nameHint')}
              autoComplete="name"
              value={name}
              maxLength={100}
              onChange={({ target }) => setName(target.value)}
            />
            <NewPassword value={password} onChange={setPassword} />
            <Button kind="primary" type="submit" className="wide" busy={accept.isPending}>
              {t('invitation.go')}
            </Button>
          </>
        )}
        <Link to="/sign-in" className="small">
          {t('toSignIn')}
        </Link>
      </form>
    </Gate>
  );
}
