import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

/** A stop on the way between a person and a device. The line leads from it to the next one. */
export interface Stop {
  readonly icon: IconName;
  readonly title: ReactNode;
  readonly detail?: ReactNode;
  /** Round trip to the next stop, as text. */
  readonly ms?: string | undefined;
  /** `cut`: the line after it is broken; `dead`: behind the break; `idle`: nothing known or nothing there yet. */
  readonly state?: 'good' | 'warn' | 'cut' | 'dead' | 'idle' | undefined;
}

/** The way: one picture for what is connected, where it breaks, and why somebody may go it. */
export function Way({ stops, column = false, label }: { stops: readonly Stop[]; column?: boolean; label: string }) {
  return (
    <ol className={column ? 'way col' : 'way'} aria-label={label}>
      {stops.map((stop, index) => {
        const isLast = index === stops.length - 1;
        const state = stop.state ?? 'good';
        const end = isLast && state === 'good' ? 'end' : '';
        return (
          // oxlint-disable-next-line react/no-array-index-key -- stops are a path: their place is their identity
          <li key={index} className={`${state === 'good' ? '' : state} ${end}`}>
            <span className="dot">
              <Icon name={stop.icon} />
            </span>
            {state === 'cut' && (
              <span className="x">
                <Icon name="x" />
              </span>
            )}
            <b>{stop.title}</b>
            {stop.ms !== undefined && <span className="ms">{stop.ms}</span>}
            {stop.detail !== undefined && <small>{stop.detail}</small>}
          </li>
        );
      })}
    </ol>
  );
}
