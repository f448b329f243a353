import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type Schemas, api, bodyOf } from '../../api/client.ts';
import { read } from '../../api/query.ts';
import { useMe } from '../../shell/session.tsx';
import { Card } from '../../ui/card.tsx';
import { Load } from '../../ui/load.tsx';
import { StatusMark } from '../../ui/status.tsx';

const FEW = 5;

function routesQuery(status: 'conflict' | 'unreachable') {
  return read('routes', ['first', status], (signal) =>
    bodyOf(api.GET('/api/v1/routes', { params: { query: { status, limit: FEW } }, signal })),
  );
}

function cooperationsQuery(organizationId: string) {
  return read('cooperations', ['of', organizationId], (signal) =>
    bodyOf(api.GET('/api/v1/organizations/{id}/cooperations', { params: { path: { id: organizationId } }, signal })),
  );
}

/** What waits for this person: ranges to choose, plants that are silent, cooperations to accept. */
export function Waiting() {
  const { t } = useTranslation(['home', 'common']);
  const conflicts = useQuery(routesQuery('conflict'));
  const silent = useQuery(routesQuery('unreachable'));
  const { memberships } = useMe();
  const leads = memberships.filter(({ role }) => role === 'administrator');
  const items = [...(conflicts.data?.items ?? []), ...(silent.data?.items ?? [])];
  return (
    <Card title={t('waiting.title')} flush>
      <Load query={conflicts} rows={2}>
        {() => (
          <ul className="list">
            {items.map((route) => (
              <RouteItem key={route.subnetId} route={route} />
            ))}
            {leads.map(({ organizationId }) => (
              <Invitations key={organizationId} organizationId={organizationId} />
            ))}
            {items.length === 0 && leads.length === 0 && <li className="dim">{t('waiting.none')}</li>}
          </ul>
        )}
      </Load>
    </Card>
  );
}

function RouteItem({ route }: { route: Schemas['Route'] }) {
  const { t } = useTranslation(['home', 'common']);
  const isConflict = route.status === 'conflict';
  return (
    <li>
      <StatusMark state={isConflict ? 'conflict' : 'unreachable'} />
      <span className="grow">
        <b>
          {isConflict
            ? t('waiting.conflict', { network: route.network })
            : t('waiting.silent', { plant: route.plantName })}
        </b>
        <small>
          {isConflict ? t('waiting.conflictDetail', { plant: route.plantName }) : t('waiting.silentDetail')}
        </small>
      </span>
      {isConflict && (
        <Link to="/vpn" className="btn sm plain">
          {t('waiting.choose')}
        </Link>
      )}
    </li>
  );
}

function Invitations({ organizationId }: { organizationId: string }) {
  const { t } = useTranslation(['home', 'common']);
  const { data } = useQuery(cooperationsQuery(organizationId));
  const waiting = (data?.items ?? []).filter(
    ({ status, partner }) => status === 'pending' && partner.id === organizationId,
  );
  if (waiting.length === 0) return <li className="dim">{t('waiting.none')}</li>;
  return waiting.map(({ id, owner }) => (
    <li key={id}>
      <StatusMark state="pending" />
      <span className="grow">
        <b>{t('waiting.cooperation', { owner: owner.name })}</b>
        <small>{t('waiting.cooperationDetail')}</small>
      </span>
    </li>
  ));
}
