import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ProblemNote } from '../../ui/note.tsx';
import { toast } from '../../ui/toast.tsx';
import type { Fork, Route } from './route-rows.ts';
import { useRouteChange } from './use-routes.ts';

/** Asks before a range leads elsewhere: what ends, what stays. */
export function UseDialog({ fork, route, onClose }: { fork: Fork; route: Route; onClose: () => void }) {
  const { t } = useTranslation(['routes', 'common']);
  const change = useRouteChange();
  const alias = fork.winner?.alias ?? null;
  const values = { range: fork.range, plant: route.plantName, former: fork.ownerPlantName };
  const take = () =>
    change.mutate(
      { verb: 'use', subnetId: route.subnetId },
      {
        onSuccess: () => {
          toast(t('used', values));
          onClose();
        },
      },
    );
  return (
    <Dialog
      open
      onClose={change.isPending ? undefined : onClose}
      title={t('ask.title', values)}
      footer={
        <>
          <Button kind="plain" onClick={onClose}>
            {t('common:cancel')}
          </Button>
          <span className="grow" />
          <Button kind="primary" busy={change.isPending} onClick={take}>
            {t('use')}
          </Button>
        </>
      }
    >
      <div className="stack g3">
        <p>{t('ask.ends', values)}</p>
        <p>{alias === null ? t('ask.stays', values) : t('ask.staysAlias', { ...values, alias })}</p>
        {change.error !== null && <ProblemNote error={change.error} />}
      </div>
    </Dialog>
  );
}
