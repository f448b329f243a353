import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { toast } from '../../ui/toast.tsx';
import type { Route } from './route-rows.ts';
import { useRouteChange } from './use-routes.ts';

/** Pauses a route, with a way back, or resumes it. `stale`: the list is old, and nothing can be changed now. */
export function RouteActions({ route, stale }: { route: Route; stale: boolean }) {
  const { t } = useTranslation(['routes', 'common']);
  const change = useRouteChange();
  const { subnetId, plantName, network } = route;
  const failed = (error: Error) =>
    toast(t('failed', { plant: plantName, network }), { detail: error.message, bad: true });
  const resume = () =>
    change.mutate(
      { verb: 'resume', subnetId },
      { onSuccess: () => toast(t('resumed', { plant: plantName, network })), onError: failed },
    );
  const pause = () =>
    change.mutate(
      { verb: 'pause', subnetId },
      {
        onSuccess: () =>
          toast(t('pausedNow', { plant: plantName, network }), { undo: { label: t('common:undo'), run: resume } }),
        onError: failed,
      },
    );
  return (
    <Button
      small
      kind="plain"
      icon={route.paused ? 'play' : 'pause'}
      busy={change.isPending}
      disabledReason={stale ? t('common:offline.disabled') : undefined}
      aria-label={t(route.paused ? 'resumeNamed' : 'pauseNamed', { plant: plantName, network })}
      onClick={route.paused ? resume : pause}
    >
      {route.paused ? t('resume') : t('pause')}
    </Button>
  );
}
