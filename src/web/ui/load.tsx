import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNote } from './note.tsx';

const QUIET_MS = 300;

/**
 * Shows data once they are there: nothing for 300 ms, then a skeleton of `rows` lines. When a refresh fails, the old data
 * stay, and what failed stands above them.
 */
export function Load<T>({
  query,
  rows = 3,
  children,
}: {
  query: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data === undefined) {
    if (query.error === null) return <Skeleton rows={rows} />;
    return (
      <div className="pad">
        <ProblemNote error={query.error} retry={() => void query.refetch()} />
      </div>
    );
  }
  return (
    <>
      {query.error !== null && <ProblemNote error={query.error} retry={() => void query.refetch()} />}
      {children(query.data)}
    </>
  );
}

/** Lines in the place of what is still on its way. */
export function Skeleton({ rows }: { rows: number }) {
  const { t } = useTranslation();
  const isLate = useLater(QUIET_MS);
  return (
    <div
      className="pad stack"
      role="status"
      aria-label={t('loading')}
      style={{ visibility: isLate ? 'visible' : 'hidden' }}
    >
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="sk" style={{ width: `${90 - (row % 3) * 18}%` }} />
      ))}
    </div>
  );
}

function useLater(ms: number): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return isLate;
}
