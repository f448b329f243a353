import { useTranslation } from 'react-i18next';
import { Copy } from '../../ui/copy.tsx';
import { Status } from '../../ui/status.tsx';
import { useValues } from '../../ui/values.ts';
import { RouteActions } from './route-actions.tsx';
import type { Route } from './route-rows.ts';

/** One subnet that you may reach: where it is, how to address it, whether it works and why not. */
export function RouteLine({ route, stale }: { route: Route; stale: boolean }) {
  const { t } = useTranslation(['routes', 'common']);
  return (
    <div className="rt">
      <span className="name">
        <b>{route.plantName}</b>
        <Why route={route} />
      </span>
      <span>
        <Copy value={route.network} />
      </span>
      <span className="al">
        {route.alias === null ? (
          <span className="dimmer small">{t('noAlias')}</span>
        ) : (
          <Copy value={route.alias} alias />
        )}
      </span>
      <span className="state">
        <Status state={route.status} badge />
      </span>
      <span className="acts row wrap">
        <RouteActions route={route} stale={stale} />
      </span>
    </div>
  );
}

function Why({ route }: { route: Route }) {
  const { t } = useTranslation(['routes', 'common']);
  const { list } = useValues();
  // Of these the server alone knows the reason; it says it in English.
  if (route.status === 'unreachable') return <small lang="en">{route.reason}</small>;
  if (route.status === 'paused') return <small>{t('paused')}</small>;
  const lost = route.contested.filter(({ mine }) => !mine);
  if (lost.length === 0) return null;
  return (
    <small>
      {t('inside', { parts: list(lost.map(({ range, ownerPlantName: plant }) => t('part', { range, plant }))) })}
    </small>
  );
}
