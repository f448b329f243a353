import { useTranslation } from 'react-i18next';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A volume in decimal units: `148 MB`. */
export function formatBytes(bytes: number, language: string): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  const digits = step === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${UNITS[step] ?? 'TB'}`;
}

/** A duration in at most two units: `1 h 28 min`. */
export function formatDuration(ms: number, language: string): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts: [number, 'day' | 'hour' | 'minute' | 'second'][] = [
    [Math.floor(seconds / 86_400), 'day'],
    [Math.floor(seconds / 3600) % 24, 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [seconds % 60, 'second'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  const shown = first === -1 ? parts.slice(3) : parts.slice(first, first + 2).filter(([value]) => value > 0);
  return shown
    .map(([value, unit]) =>
      new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' }).format(value),
    )
    .join(' ');
}

/** How values are written in the person's language and time zone. */
export function useValues() {
  const { i18n, t } = useTranslation();
  const language = i18n.language;
  return {
    language,
    number: (value: number) => new Intl.NumberFormat(language).format(value),
    bytes: (value: number) => formatBytes(value, language),
    duration: (ms: number) => formatDuration(ms, language),
    list: (items: readonly string[]) => new Intl.ListFormat(language, { type: 'conjunction' }).format(items),
    /** The time of day, with seconds: `21:42:08`. */
    clock: (at: Date | number) => new Intl.DateTimeFormat(language, { timeStyle: 'medium', hour12: false }).format(at),
    /** A day: today and yesterday by name. */
    day: (at: Date) => dayOf(at, language, t),
    /** Day and time: `Today 20:58`, `18 Nov, 14:20`. */
    moment: (at: Date) =>
      `${dayOf(at, language, t)}, ${new Intl.DateTimeFormat(language, { timeStyle: 'short', hour12: false }).format(at)}`,
  };
}

function dayOf(at: Date, language: string, t: (key: string) => string): string {
  const days = Math.round((startOfDay(new Date()) - startOfDay(at)) / 86_400_000);
  if (days === 0) return t('today');
  if (days === 1) return t('yesterday');
  const isThisYear = at.getFullYear() === new Date().getFullYear();
  return new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'short',
    ...(isThisYear ? {} : { year: 'numeric' }),
  }).format(at);
}

function startOfDay(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

/** A public key in groups of four, to compare by eye. */
export function inFours(key: string): string {
  return key.replaceAll(/(.{4})(?=.)/g, '$1 ');
}

/** One or two letters for a name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = words[0]?.[0] ?? '?';
  const last = words.length > 1 ? (words.at(-1)?.[0] ?? '') : '';
  return (first + last).toUpperCase();
}
