import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icon.tsx';

/** Opens "Jump to". */
export function openFind(): void {
  document.dispatchEvent(new Event('parkway-find'));
}

export function FindButton() {
  const { t } = useTranslation();
  return (
    <button type="button" className="find" onClick={openFind}>
      <Icon name="search" />
      <span>{t('jumpTo')}</span>
      <kbd>Ctrl K</kbd>
    </button>
  );
}

/** The keys that work everywhere outside fields: `/` to the filter, `g` then a letter to a page. */
export function Shortcuts() {
  const navigate = useNavigate();
  useEffect(() => {
    let wasG = false;
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault();
        openFind();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
      if (event.key === '/') {
        const filter = document.querySelector<HTMLInputElement>('[data-filter]');
        if (filter !== null) event.preventDefault();
        filter?.focus();
      }
      const to = wasG ? PAGES[event.key] : undefined;
      wasG = event.key === 'g';
      if (to !== undefined) void navigate({ to });
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [navigate]);
  return null;
}

const PAGES: Readonly<Record<string, '/' | '/plants' | '/devices' | '/vpn'>> = {
  h: '/',
  p: '/plants',
  d: '/devices',
  v: '/vpn',
};

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
