import sprite from './icons.svg';

export type IconName =
  | 'logo'
  | 'home'
  | 'plants'
  | 'solar'
  | 'wind'
  | 'battery'
  | 'device'
  | 'search'
  | 'org'
  | 'stack'
  | 'people'
  | 'coop'
  | 'vpn'
  | 'log'
  | 'net'
  | 'gateway'
  | 'host'
  | 'fix'
  | 'copy'
  | 'check'
  | 'x'
  | 'down'
  | 'right'
  | 'left'
  | 'updown'
  | 'more'
  | 'dl'
  | 'ul'
  | 'refresh'
  | 'filter'
  | 'ext'
  | 'plus'
  | 'trash'
  | 'pause'
  | 'play'
  | 'swap'
  | 'key'
  | 'qr'
  | 'phone'
  | 'laptop'
  | 'eye'
  | 'help'
  | 'lock'
  | 'cal'
  | 'ad'
  | 'au'
  | 'ar'
  | 'globe'
  | 'theme'
  | 'term'
  | 'web'
  | 'pin'
  | 'info'
  | 'warn'
  | 'clock'
  | 'move'
  | 'router'
  | 'cloud'
  | 'seal'
  | 'chat'
  | 's-active'
  | 's-online'
  | 's-conflict'
  | 's-unreachable'
  | 's-paused'
  | 's-offline'
  | 's-degraded'
  | 's-pending';

/** A picture that accompanies words; screen readers pass over it. */
export function Icon({ name, className = '' }: { name: IconName; className?: string }) {
  return (
    <svg className={`i ${className}`} aria-hidden="true">
      <use href={`${sprite}#${name}`} />
    </svg>
  );
}

/** The mark of the product, in the colour of the text around it. */
export function Logo() {
  return (
    <svg className="logo" width="26" height="26" aria-hidden="true">
      <use href={`${sprite}#logo`} />
    </svg>
  );
}
