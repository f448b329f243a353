import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Schemas, api, bodyOf } from '../../api/client.ts';
import { read } from '../../api/query.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { Note, ProblemNote } from '../../ui/note.tsx';
import { Challenge } from './challenge.tsx';
import { Gate } from './gate.tsx';
import { useFragment } from './fragment.ts';

const methodsQuery = read('me', ['methods'], (signal) => bodyOf(api.GET('/api/v1/sign-in-methods', { signal })));

/** Errors with which a company's sign-in comes back, each with a sentence of its own. */
const ERRORS = [
  'no-account',
  'provider-expired',
  'provider-denied',
  'provider-failed',
  'provider-unavailable',
] as const;

/** Address and password, or the company's sign-in; then the code, where one is due (USR-1). */
export function SignInPage() {
  // A company's sign-in that still owes a code comes back with its challenge.
  const fragment = useFragment();
  const [challenge, setChallenge] = useState(() => fragment.get('challenge') ?? undefined);
  const [email, setEmail] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();
  const { return: back } = useSearch({ from: '/sign-in' });
  const enter = () => {
    client.clear();
    void navigate({ to: back ?? '/', replace: true });
  };
  return (
    <Gate>
      {challenge === undefined ? (
        <Password email={email} setEmail={setEmail} onChallenge={setChallenge} onSignedIn={enter} />
      ) : (
        <Challenge challenge={challenge} email={email} onBack={() => setChallenge(undefined)} onSignedIn={enter} />
      )}
    </Gate>
  );
}

interface PasswordProps {
  readonly email: string;
  readonly setEmail: (email: string) => void;
  readonly onChallenge: (challenge: string) => void;
  readonly onSignedIn: () => void;
}

function Password({ email, setEmail, onChallenge, onSignedIn }: PasswordProps) {
  const { t } = useTranslation(['account', 'common']);
  const [password, setPassword] = useState('');
  const { error: failure, return: back } = useSearch({ from: '/sign-in' });
  const methods = useQuery(methodsQuery);
  const known = ERRORS.find((code) => code === failure);
  const signIn = useMutation({
    mutationFn: () => bodyOf(api.POST('/api/v1/sessions', { body: { email, password, cookie: true } })),
    onSuccess: (answer) => (isChallenge(answer) ? onChallenge(answer.challenge) : onSignedIn()),
    onError: () => setPassword(''),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!signIn.isPending) signIn.mutate();
  };
  const company = methods.data?.oidc ?? null;
  return (
    <form className="stack g5" onSubmit={submit}>
      <div className="stack g2">
        <h1>{t('signIn.title')}</h1>
        <p className="dim">{t('signIn.lead')}</p>
      </div>
      {failure !== undefined && <Note kind="bad">{t(`signIn.errors.${known ?? 'provider-failed'}`)}</Note>}
      {signIn.error !== null && <ProblemNote error={signIn.error} />}
      <TextField
        label={t('email')}
        type="email"
        name="email"
        autoComplete="username"
        autoFocus
        required
        value={email}
        onChange={({ target }) => setEmail(target.value)}
      />
      <TextField
        label={t('password')}
        type="password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={({ target }) => setPassword(target.value)}
      />
      <Button kind="primary" type="submit" className="wide" busy={signIn.isPending}>
        {t('signIn.go')}
      </Button>
      {company !== null && (
        <a className="btn wide" href={`/api/v1/oidc/start?return=${encodeURIComponent(back ?? '/')}`}>
          {t('signIn.company', { name: company.name })}
        </a>
      )}
      <div className="stack g2 small">
        <Link to="/reset">{t('signIn.forgot')}</Link>
        <span className="dim">{t('signIn.help')}</span>
      </div>
    </form>
  );
}

function isChallenge(answer: Schemas['NewSession'] | Schemas['Challenge']): answer is Schemas['Challenge'] {
  return 'challenge' in answer;
}
