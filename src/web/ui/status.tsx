import { useTranslation } from 'react-i18next';
import { Icon, type IconName } from './icon.tsx';

export type State =
  'active' | 'online' | 'conflict' | 'unreachable' | 'down' | 'paused' | 'offline' | 'degraded' | 'pending';

const SHAPES: Readonly<Record<State, IconName>> = {
  active: 's-active',
  online: 's-online',
  conflict: 's-conflict',
  unreachable: 's-unreachable',
  down: 's-unreachable',
  paused: 's-paused',
  offline: 's-offline',
  degraded: 's-degraded',
  pending: 's-pending',
};

interface StatusProps {
  readonly state: State;
  /** Other words than the state's own, such as "Active, owns the range". */
  readonly children?: React.ReactNode;
  readonly badge?: boolean | undefined;
}

/** A state: shape, word and colour together, never colour alone. */
export function Status({ state, children, badge = false }: StatusProps) {
  const { t } = useTranslation();
  return (
    <span className={`st ${badge ? 'badge ' : ''}${state}`}>
      <Icon name={SHAPES[state]} />
      {children ?? t(`state.${state}`)}
    </span>
  );
}

/** The shape alone where the word stands elsewhere; the word stays for screen readers. */
export function StatusMark({ state }: { state: State }) {
  const { t } = useTranslation();
  return (
    <span className={`st ${state}`} title={t(`state.${state}`)}>
      <Icon name={SHAPES[state]} />
      <span className="sr">{t(`state.${state}`)}</span>
    </span>
  );
}
