import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Copy } from '../../ui/copy.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Status } from '../../ui/status.tsx';
import { useValues } from '../../ui/values.ts';
import { RouteActions } from './route-actions.tsx';
import type { Fork, Route } from './route-rows.ts';
import { UseDialog } from './use-dialog.tsx';

/** One range, several plants: to which it leads now, and the choice of another. */
export function ForkRow({ fork, stale }: { fork: Fork; stale: boolean }) {
  const { t } = useTranslation(['routes', 'common']);
  const { list } = useValues();
  const [wanted, setWanted] = useState<Route>();
  const { range, winner, losers } = fork;
  const all = winner === undefined ? losers : [winner, ...losers];
  const aliases = all.flatMap(({ alias, plantName }) =>
    alias === null ? [] : [t('aliasOf', { alias, plant: plantName })],
  );
  return (
    <div className="fork">
      <p>
        <Icon name="s-conflict" />
        <span>
          <b className="mono">{range}</b> {t('fork', { count: losers.length + 1 })}
        </span>
      </p>
      <div className="opts">
        <Branches />
        {winner !== undefined && (
          <Option route={winner} isWinner>
            <Status state={winner.status} badge>
              {winner.status === 'active' ? t('owns') : undefined}
            </Status>
            <RouteActions route={winner} stale={stale} />
          </Option>
        )}
        {losers.map((route) => (
          <Option key={route.subnetId} route={route}>
            <Status state="conflict" badge />
            <Button
              small
              aria-label={t('useNamed', { plant: route.plantName, network: route.network })}
              disabledReason={stale ? t('common:offline.disabled') : undefined}
              onClick={() => setWanted(route)}
            >
              {t('use')}
            </Button>
          </Option>
        ))}
      </div>
      {aliases.length > 1 && (
        <p className="hint small dim">
          <Icon name="swap" />
          <span className="grow">{t('both', { aliases: list(aliases) })}</span>
        </p>
      )}
      {wanted !== undefined && <UseDialog fork={fork} route={wanted} onClose={() => setWanted(undefined)} />}
    </div>
  );
}

function Option({
  route,
  isWinner = false,
  children,
}: {
  route: Route;
  isWinner?: boolean;
  children: React.ReactNode;
}) {
  const { t } = useTranslation(['routes', 'common']);
  return (
    <div className={isWinner ? 'opt' : 'opt lose'}>
      <span className={isWinner ? 'radio on' : 'radio'} aria-hidden="true" />
      <span className="who">
        <b>{route.plantName}</b>
        <small>
          {route.organization.name}, {route.portfolio.name}
        </small>
      </span>
      <span className="mid">
        {route.alias === null ? (
          <small className="dimmer">{t('noAlias')}</small>
        ) : (
          <>
            <small className="dimmer">{t('alias')} </small>
            <Copy value={route.alias} alias />
          </>
        )}
      </span>
      <span className="row">{children}</span>
    </div>
  );
}

/** The way that forks: one branch is open, the other is not. */
function Branches() {
  return (
    <svg className="y" viewBox="0 0 64 132" preserveAspectRatio="none" fill="none" aria-hidden="true">
      <path d="M0 66h14l18-33h32" stroke="var(--good-line)" strokeWidth="4" vectorEffect="non-scaling-stroke" />
      <path
        d="M14 66l18 33h32"
        stroke="var(--off-line)"
        strokeWidth="3"
        strokeDasharray="3 6"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
