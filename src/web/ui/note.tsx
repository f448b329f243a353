import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../api/client.ts';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';

/** A sentence in its place: a hint, a warning, a refusal. */
export function Note({
  kind = 'info',
  icon,
  children,
}: {
  kind?: 'info' | 'plain' | 'warn' | 'bad';
  icon?: IconName;
  children: ReactNode;
}) {
  const picture = icon ?? (kind === 'info' || kind === 'plain' ? 'info' : 'warn');
  return (
    <div className={kind === 'info' ? 'note' : `note ${kind}`} role={kind === 'bad' ? 'alert' : undefined}>
      <Icon name={picture} />
      <div className="grow">{children}</div>
    </div>
  );
}

/** What went wrong, what to do, and the code for whoever helps. `retry` where trying again makes sense. */
export function ProblemNote({ error, retry }: { error: Error; retry?: (() => void) | undefined }) {
  const { t } = useTranslation();
  const code = error instanceof ApiProblem ? error.code : 'internal';
  return (
    <Note kind="bad">
      <span>{code === 'offline' ? t('offline.title') : error.message}</span> <code className="mono">{code}</code>
      {retry !== undefined && (
        <Button small kind="quiet" onClick={retry}>
          {t('tryAgain')}
        </Button>
      )}
    </Note>
  );
}
