import { createContext, useContext, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { Live, LiveState } from '../api/live.ts';
import { useValues } from '../ui/values.ts';

const LiveContext = createContext<Live | undefined>(undefined);
export const LiveProvider = LiveContext.Provider;

const LIVE: LiveState = { state: 'live' };

/** Whether events arrive; what is on screen is as old as `since` when not. */
export function useLive(): LiveState {
  const live = useContext(LiveContext);
  return useSyncExternalStore(
    (listener) => live?.subscribe(listener) ?? (() => undefined),
    () => live?.state() ?? LIVE,
  );
}

/** Says whether what is on screen is live, or since when it is not. */
export function LiveMark() {
  const { t } = useTranslation();
  const { clock } = useValues();
  const live = useLive();
  return (
    <span className="live" role="status">
      {live.state === 'live' ? (
        <>
          <i /> {t('live')}
        </>
      ) : (
        t('reconnecting', { time: clock(live.since) })
      )}
    </span>
  );
}
