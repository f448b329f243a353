import { Tooltip } from '@mantine/core';
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled'> {
  readonly kind?: 'primary' | 'danger' | 'danger-quiet' | 'quiet' | 'plain' | undefined;
  readonly small?: boolean | undefined;
  readonly icon?: IconName | undefined;
  /** Under way: the button keeps its place and cannot be pressed again. */
  readonly busy?: boolean | undefined;
  /** Why it cannot be pressed now. A disabled control always says why. */
  readonly disabledReason?: string | undefined;
  readonly children: ReactNode;
}

/** A button that names what it does. Disabled, it stays focusable, and says why to pointer, keyboard and screen reader. */
export function Button({ kind, small, icon, busy, disabledReason, children, className, ...rest }: ButtonProps) {
  const off = disabledReason !== undefined;
  const classes = ['btn', kind, small === true ? 'sm' : '', className].filter(Boolean).join(' ');
  const button = (
    <button
      type="button"
      {...rest}
      className={classes}
      aria-disabled={off || busy === true || undefined}
      aria-busy={busy}
      aria-description={disabledReason}
      onClick={off || busy === true ? (event) => event.preventDefault() : rest.onClick}
    >
      {busy === true ? <span className="spin" aria-hidden="true" /> : icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
  if (!off) return button;
  return (
    <Tooltip label={disabledReason} events={{ hover: true, focus: true, touch: true }} multiline maw={280} withArrow>
      {button}
    </Tooltip>
  );
}
