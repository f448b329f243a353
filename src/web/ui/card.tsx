import type { ReactNode } from 'react';

interface CardProps {
  readonly title?: ReactNode;
  /** Beside the title: a count, a tag. */
  readonly aside?: ReactNode;
  readonly end?: ReactNode;
  readonly lead?: ReactNode;
  readonly red?: boolean;
  readonly footer?: ReactNode;
  readonly className?: string;
  /** Without the inner margin, for tables and lists. */
  readonly flush?: boolean;
  readonly children?: ReactNode;
}

/** A card: what belongs together, under one heading. */
export function Card({
  title,
  aside,
  end,
  lead,
  red = false,
  footer,
  className = '',
  flush = false,
  children,
}: CardProps) {
  return (
    <section className={`card ${red ? 'red' : ''} ${className}`}>
      {title !== undefined && (
        <header>
          <h2>{title}</h2>
          {aside}
          {end !== undefined && <span className="end">{end}</span>}
          {lead !== undefined && <p>{lead}</p>}
        </header>
      )}
      {flush ? children : <div className="body">{children}</div>}
      {footer !== undefined && <footer>{footer}</footer>}
    </section>
  );
}
