import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/fields.tsx';
import { ProblemNote } from '../../ui/note.tsx';

interface ConfirmProps {
  readonly title: string;
  readonly ends: string;
  readonly stays: string;
  readonly act: string;
  /** To be typed first, for what cannot be taken back. */
  readonly word?: string;
  readonly change: { readonly isPending: boolean; readonly error: Error | null; readonly mutate: () => void };
  readonly onClose: () => void;
}

/** Asks before something ends: what ends, what stays. */
export function Confirm({ title, ends, stays, act, word, change, onClose }: ConfirmProps) {
  const { t } = useTranslation(['vpn', 'common']);
  const [typed, setTyped] = useState('');
  const isMeant = word === undefined || typed.trim() === word;
  return (
    <Dialog
      open
      onClose={change.isPending ? undefined : onClose}
      title={title}
      footer={
        <>
          <Button kind="plain" onClick={onClose}>
            {t('common:cancel')}
          </Button>
          <span className="grow" />
          <Button
            kind="danger"
            busy={change.isPending}
            disabledReason={isMeant ? undefined : t('manage.revokeReason')}
            onClick={() => change.mutate()}
          >
            {act}
          </Button>
        </>
      }
    >
      <div className="stack g3">
        <p>{ends}</p>
        <p>{stays}</p>
        {word !== undefined && (
          <TextField
            label={t('manage.revokeType', { name: word })}
            value={typed}
            autoComplete="off"
            onChange={({ target }) => setTyped(target.value)}
          />
        )}
        {change.error !== null && <ProblemNote error={change.error} />}
      </div>
    </Dialog>
  );
}
