import { type ReactNode, useEffect } from 'react';
import { Icon, type IconName } from './icon.tsx';

interface PageHeadProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly icon?: IconName;
  /** Where this page stands, from the top; the last is the page itself. */
  readonly crumbs?: readonly ReactNode[];
  readonly badge?: ReactNode;
  /** What can be done here. One of them is filled. */
  readonly actions?: ReactNode;
}

/** The head of every page: where one is, the one h1, and what can be done. */
export function PageHead({ title, lead, icon, crumbs = [], badge, actions }: PageHeadProps) {
  useEffect(() => {
    document.title = `${title} · Parkway`;
  }, [title]);
  return (
    <>
      <div className="bar">
        <nav className="crumbs" aria-label="Breadcrumb">
          {crumbs.map((crumb, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- a path: the place is the identity
            <span key={index} className="row">
              {index > 0 && <Icon name="right" />}
              {crumb}
            </span>
          ))}
        </nav>
      </div>
      <div className="head">
        {icon !== undefined && (
          <span className="icon no-phone">
            <Icon name={icon} />
          </span>
        )}
        <div className="grow">
          <div className="row wrap">
            <h1>{title}</h1>
            {badge}
          </div>
          {lead !== undefined && <p>{lead}</p>}
        </div>
        {actions !== undefined && <div className="row wrap acts">{actions}</div>}
      </div>
    </>
  );
}
