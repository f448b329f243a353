import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Schemas, api, bodyOf } from '../../api/client.ts';
import { allPages, read } from '../../api/query.ts';
import { Button } from '../../ui/button.tsx';
import { Empty } from '../../ui/empty.tsx';
import { SearchField, SelectField } from '../../ui/fields.tsx';
import { Load } from '../../ui/load.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { type State, Status } from '../../ui/status.tsx';
import { useValues } from '../../ui/values.ts';
import { VirtualRows } from '../../ui/virtual-rows.tsx';
import { type PlantFilter, agentState, filterPlants, portfoliosOf } from './filter.ts';

export type Plant = Schemas['Plant'];

/** All plants that you may see. */
export const plantsQuery = read('plants', ['all'], (signal) =>
  allPages((cursor) =>
    bodyOf(
      api.GET('/api/v1/plants', {
        params: { query: { limit: 200, ...(cursor === undefined ? {} : { cursor }) } },
        signal,
      }),
    ),
  ),
);

const NO_FILTER: PlantFilter = { text: '', portfolioId: '', state: '' };

/** All plants in one list, however they are reached. */
export function PlantsPage() {
  const { t } = useTranslation(['plants', 'common']);
  const { number } = useValues();
  const query = useQuery(plantsQuery);
  const [filter, setFilter] = useState(NO_FILTER);
  const deferred = useDeferredValue(filter);
  const all = useMemo(() => query.data ?? [], [query.data]);
  const shown = useMemo(() => filterPlants(all, deferred), [all, deferred]);
  const change = (part: Partial<PlantFilter>) => setFilter((before) => ({ ...before, ...part }));
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')} />
      <section className="card">
        <div className="toolbar pad-top">
          <SearchField label={t('search')} value={filter.text} onChange={(text) => change({ text })} />
          <SelectField
            label={t('portfolio')}
            quiet
            value={filter.portfolioId}
            onChange={({ target }) => change({ portfolioId: target.value })}
            options={[{ value: '', label: t('allPortfolios') }, ...portfoliosOf(all)]}
          />
          <SelectField
            label={t('state')}
            quiet
            value={filter.state}
            onChange={({ target }) => change({ state: target.value })}
            options={[
              { value: '', label: t('anyState') },
              { value: 'online', label: t('common:state.online') },
              { value: 'down', label: t('common:state.down') },
              { value: 'pending', label: t('common:state.pending') },
            ]}
          />
        </div>
        <Load query={query} rows={6}>
          {() =>
            all.length === 0 ? (
              <Empty icon="plants" title={t('none.title')}>
                {t('none.detail')}
              </Empty>
            ) : shown.length === 0 ? (
              <Empty icon="search" title={t('nothing')}>
                <Button onClick={() => setFilter(NO_FILTER)}>{t('clearFilters')}</Button>
              </Empty>
            ) : (
              <>
                <p className="pad-x small dim" role="status">
                  {t('count', { count: shown.length, shown: number(shown.length), all: number(all.length) })}
                </p>
                <VirtualRows rows={shown} keyOf={({ id }) => id} estimate={64}>
                  {(plant) => <PlantRow plant={plant} />}
                </VirtualRows>
              </>
            )
          }
        </Load>
      </section>
    </>
  );
}

function PlantRow({ plant }: { plant: Plant }) {
  const { t } = useTranslation(['plants', 'common']);
  const state: State = agentState(plant);
  return (
    <div className="line">
      <span className="grow">
        <b>{plant.name}</b>
        <small>
          {plant.organization.name}, {plant.portfolio.name}
        </small>
      </span>
      <span className="tag no-phone">{t(`common:jobRole.${plant.role}`)}</span>
      <Status state={state} badge />
    </div>
  );
}
