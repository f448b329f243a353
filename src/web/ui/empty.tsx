import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

/** Nothing here yet: what would be here, and what to do about it. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <span className="glyph">
        <Icon name={icon} />
      </span>
      <b>{title}</b>
      {children !== undefined && <div className="dim">{children}</div>}
    </div>
  );
}
