import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Empty } from '../../ui/empty.tsx';
import { SearchField, SelectField } from '../../ui/fields.tsx';
import { Load } from '../../ui/load.tsx';
import { Status } from '../../ui/status.tsx';
import { useValues } from '../../ui/values.ts';
import { VirtualRows } from '../../ui/virtual-rows.tsx';
import { portfoliosOf } from '../plants/filter.ts';
import { ForkRow } from './fork-row.tsx';
import { RouteLine } from './route-line.tsx';
import { type Route, type RouteFilter, type RouteRow, countsOf, rowsOf } from './route-rows.ts';
import { routesQuery } from './use-routes.ts';

const STATUSES = ['active', 'conflict', 'unreachable', 'paused'] as const;
const NO_FILTER: RouteFilter = { text: '', portfolioId: '', status: '' };
const NONE: readonly Route[] = [];

/** The subnets that you may reach: conflicts first, then by organization and portfolio. */
export function Routes() {
  const { t } = useTranslation(['routes', 'common']);
  const { clock, number } = useValues();
  const query = useQuery(routesQuery);
  const [filter, setFilter] = useState(NO_FILTER);
  const deferred = useDeferredValue(filter);
  const all = query.data ?? NONE;
  const rows = useMemo(() => rowsOf(all, deferred), [all, deferred]);
  const counts = useMemo(() => countsOf(all), [all]);
  const isStale = query.error !== null;
  return (
    <Card
      title={t('title')}
      flush
      aside={
        <span className="row wrap counts">
          {STATUSES.filter((status) => counts[status] > 0).map((status) => (
            <Status key={status} state={status}>
              {number(counts[status])} {t(`common:state.${status}`)}
            </Status>
          ))}
        </span>
      }
      end={
        <>
          {query.dataUpdatedAt > 0 && (
            <span className="dimmer small no-phone">{t('asOf', { time: clock(query.dataUpdatedAt) })}</span>
          )}
          <Button small kind="plain" icon="refresh" busy={query.isFetching} onClick={() => void query.refetch()}>
            {t('refresh')}
          </Button>
        </>
      }
    >
      {all.length > 0 && <Filters all={all} filter={filter} onChange={setFilter} />}
      <Load query={query} rows={6}>
        {() =>
          all.length === 0 ? (
            <Empty icon="net" title={t('none.title')}>
              {t('none.detail')}
            </Empty>
          ) : rows.length === 0 ? (
            <Empty icon="search" title={t('nothing')}>
              <Button onClick={() => setFilter(NO_FILTER)}>{t('clearFilters')}</Button>
            </Empty>
          ) : (
            <VirtualRows rows={rows} keyOf={({ key }) => key} estimate={58}>
              {(row) => <Row row={row} stale={isStale} />}
            </VirtualRows>
          )
        }
      </Load>
    </Card>
  );
}

function Row({ row, stale }: { row: RouteRow; stale: boolean }) {
  if (row.kind === 'fork') return <ForkRow fork={row.fork} stale={stale} />;
  if (row.kind === 'route') return <RouteLine route={row.route} stale={stale} />;
  return (
    <h3 className="rt-group">
      {row.organization}, {row.portfolio}
    </h3>
  );
}

interface FiltersProps {
  readonly all: readonly Route[];
  readonly filter: RouteFilter;
  readonly onChange: (filter: RouteFilter) => void;
}

function Filters({ all, filter, onChange }: FiltersProps) {
  const { t } = useTranslation(['routes', 'common']);
  const portfolios = useMemo(() => portfoliosOf(all), [all]);
  return (
    <div className="toolbar">
      <SearchField label={t('search')} value={filter.text} onChange={(text) => onChange({ ...filter, text })} />
      <SelectField
        label={t('portfolio')}
        quiet
        value={filter.portfolioId}
        onChange={({ target }) => onChange({ ...filter, portfolioId: target.value })}
        options={[{ value: '', label: t('allPortfolios') }, ...portfolios]}
      />
      <SelectField
        label={t('status')}
        quiet
        value={filter.status}
        onChange={({ target }) => onChange({ ...filter, status: target.value })}
        options={[
          { value: '', label: t('anyStatus') },
          ...STATUSES.map((value) => ({ value, label: t(`common:state.${value}`) })),
        ]}
      />
    </div>
  );
}
