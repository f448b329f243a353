import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type Schemas, api, bodyOf } from '../../api/client.ts';
import { read } from '../../api/query.ts';
import { signedOut } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Load } from '../../ui/load.tsx';
import { ProblemNote } from '../../ui/note.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { toast } from '../../ui/toast.tsx';
import { useValues } from '../../ui/values.ts';
import { ProfileTabs } from './profile-tabs.tsx';

const sessionsQuery = read('sessions', [], (signal) =>
  bodyOf(api.GET('/api/v1/sessions', { params: { query: { limit: 200 } }, signal })),
);

/** Where you are signed in, and the way to end it (USR-1). */
export function SessionsPage() {
  const { t } = useTranslation(['account', 'common']);
  const client = useQueryClient();
  const query = useQuery(sessionsQuery);
  const others = useMutation({
    mutationFn: () => bodyOf(api.DELETE('/api/v1/sessions')),
    onSuccess: async () => {
      toast(t('sessions.othersEnded'));
      await client.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  const signOut = useMutation({
    mutationFn: () => bodyOf(api.DELETE('/api/v1/sessions/current')),
    onSuccess: () => signedOut.dispatchEvent(new Event('signed-out')),
  });
  const isAlone = (query.data?.items.length ?? 0) < 2;
  return (
    <>
      <PageHead
        title={t('tabs.sessions')}
        lead={t('sessions.lead')}
        actions={
          <>
            <Button busy={signOut.isPending} onClick={() => signOut.mutate()}>
              {t('sessions.signOut')}
            </Button>
            <Button
              kind="danger-quiet"
              busy={others.isPending}
              disabledReason={isAlone ? t('sessions.noOthers') : undefined}
              onClick={() => others.mutate()}
            >
              {t('sessions.endOthers')}
            </Button>
          </>
        }
      />
      <ProfileTabs />
      <Card title={t('sessions.where')} flush>
        {others.error !== null && <ProblemNote error={others.error} />}
        <Load query={query} rows={3}>
          {({ items }) => (
            <ul className="list">
              {items.map((session) => (
                <SessionItem key={session.id} session={session} />
              ))}
            </ul>
          )}
        </Load>
      </Card>
    </>
  );
}

function SessionItem({ session }: { session: Schemas['Session'] }) {
  const { t } = useTranslation(['account', 'common']);
  const { moment } = useValues();
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: () => bodyOf(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id: session.id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['sessions'] }),
  });
  const { client: program, system } = session.device;
  const place = [session.place?.city, session.place?.country]
    .filter((part) => part !== undefined && part !== null)
    .join(', ');
  return (
    <li>
      <span className="grow">
        <b>{[program, system].filter((part) => part !== null).join(', ') || t('sessions.unknown')}</b>{' '}
        {session.current && <span className="tag">{t('sessions.this')}</span>}
        <small>
          {place !== '' && `${place} `}
          <span className="mono">{session.source}</span>
        </small>
        <small>
          {t('sessions.times', {
            since: moment(new Date(session.createdAt)),
            used: moment(new Date(session.lastUsedAt)),
          })}
        </small>
        {end.error !== null && <ProblemNote error={end.error} />}
      </span>
      {!session.current && (
        <Button small kind="danger-quiet" busy={end.isPending} onClick={() => end.mutate()}>
          {t('sessions.end')}
        </Button>
      )}
    </li>
  );
}
