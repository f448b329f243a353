import { useSyncExternalStore } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../api/client.ts';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { useValues } from '../ui/values.ts';

/** Since when control does not answer, by the newest answers of all reads; undefined while it does. */
export function useOffline(): number | undefined {
  const cache = useQueryClient().getQueryCache();
  return useSyncExternalStore(
    (listener) => cache.subscribe(listener),
    () => {
      const states = cache.getAll().map(({ state }) => state);
      const isSilent = ({ error }: (typeof states)[number]) => error instanceof ApiProblem && error.code === 'offline';
      const failed = Math.max(0, ...states.filter(isSilent).map(({ errorUpdatedAt }) => errorUpdatedAt));
      const answered = Math.max(0, ...states.map(({ dataUpdatedAt }) => dataUpdatedAt));
      return failed > answered ? answered : undefined;
    },
  );
}

/** One bar for all of it: control is silent, tunnels are not. */
export function OfflineNote() {
  const { t } = useTranslation();
  const { clock } = useValues();
  const client = useQueryClient();
  const since = useOffline();
  if (since === undefined) return null;
  return (
    <div className="offline-note">
      <div className="offbar" role="alert">
        <Icon name="cloud" />
        <span className="grow">
          <b>{t('offline.title')}</b> {t('offline.detail')} {since > 0 && t('offline.asOf', { time: clock(since) })}
        </span>
        <Button small onClick={() => void client.invalidateQueries()}>
          {t('tryAgain')}
        </Button>
      </div>
    </div>
  );
}
