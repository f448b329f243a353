import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Copy } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';

/** The recovery code, shown this once; the dialog closes only when it is said to be saved. */
export function RecoveryCode({ code, onSaved }: { code: string; onSaved: () => void }) {
  const { t } = useTranslation(['account', 'common']);
  const [isSaved, setSaved] = useState(false);
  return (
    <Dialog
      open
      onClose={undefined}
      title={t('recovery.title')}
      lead={t('recovery.lead')}
      footer={
        <Button kind="primary" disabledReason={isSaved ? undefined : t('recovery.first')} onClick={onSaved}>
          {t('recovery.done')}
        </Button>
      }
    >
      <div className="stack">
        <p className="recovery-code">
          <Copy value={code} />
        </p>
        <label className="row">
          <input type="checkbox" checked={isSaved} onChange={({ target }) => setSaved(target.checked)} />
          {t('recovery.saved')}
        </label>
      </div>
    </Dialog>
  );
}
