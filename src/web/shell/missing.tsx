import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { ProblemNote } from '../ui/note.tsx';

/** An address that leads nowhere, or to what one may not see: the same page for both. */
export function Missing() {
  const { t } = useTranslation();
  return (
    <div className="card">
      <Empty icon="search" title={t('missing.title')}>
        <p>{t('missing.detail')}</p>
        <Link to="/" className="btn">
          {t('missing.home')}
        </Link>
      </Empty>
    </div>
  );
}

/** A page that failed in itself. */
export function Broken({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  return (
    <div className="card pad stack">
      <ProblemNote error={error instanceof Error ? error : new Error(String(error))} />
      <Button onClick={reset}>{t('tryAgain')}</Button>
    </div>
  );
}
