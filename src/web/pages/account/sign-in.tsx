import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client.ts';
import { read } from '../../api/query.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { Note, ProblemNote } from '../../ui/note.tsx';
import { CodeStep } from './code-step.tsx';
import { Gate } from './gate.tsx';

const methodsQuery = read('me', ['sign-in-methods'], (signal) =>
  bodyOf(api.GET('/api/v1/sign-in-methods', { signal })),
);

/** Address and password, or the company's provider; then the code, if one is due. */
export function SignInPage() {
  const { t } = useTranslation('account');
  const { return: back = '/', error } = useSearch({ from: '/sign-in' });
  const router = useRouter();
  const client = useQueryClient();
  const methods = useQuery(methodsQuery);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [challenge, setChallenge] = useState<string>();
  useEffect(() => {
    document.title = `${t('title')} · Parkway`;
  }, [t]);
  const done = () => {
    client.clear();
    // Another origin, however it is written, is no place to go.
    const isOwn = URL.parse(back, location.origin)?.origin === location.origin;
    router.history.push(isOwn ? back : '/');
  };
  const signIn = useMutation({
    mutationFn: () => bodyOf(api.POST('/api/v1/sessions', { body: { email, password, cookie: true } })),
    onSuccess: (answer) => {
      setPassword('');
      if ('challenge' in answer) setChallenge(answer.challenge);
      else done();
    },
  });
  if (challenge !== undefined)
    return (
      <Gate>
        <CodeStep email={email} challenge={challenge} onChange={() => setChallenge(undefined)} onDone={done} />
      </Gate>
    );
  const provider = methods.data?.oidc ?? null;
  return (
    <Gate>
      <form
        className="mid"
        onSubmit={(event) => {
          event.preventDefault();
          if (!signIn.isPending) signIn.mutate();
        }}
      >
        <div className="stack g2">
          <h1>{t('title')}</h1>
          <p className="dim">{t('lead')}</p>
        </div>
        {error !== undefined && <Note kind="bad">{t('providerFailed', { code: error })}</Note>}
        {provider !== null && (
          <a className="btn wide" href={`/api/v1/oidc/start?return=${encodeURIComponent(back)}`}>
            {t('signInWith', { name: provider.name })}
          </a>
        )}
        <TextField
          label={t('email')}
          type="email"
          autoComplete="username"
          value={email}
          onChange={({ target }) => setEmail(target.value)}
          required
        />
        <TextField
          label={t('password')}
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={({ target }) => setPassword(target.value)}
          required
        />
        {signIn.error !== null && <ProblemNote error={signIn.error} />}
        <Button type="submit" kind="primary" className="wide" busy={signIn.isPending}>
          {t('signIn')}
        </Button>
      </form>
    </Gate>
  );
}
