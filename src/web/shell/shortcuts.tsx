import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';

/** The keys that work everywhere outside fields: `/` to the filter, `g` then a letter to a page. */
export function Shortcuts() {
  const navigate = useNavigate();
  useEffect(() => {
    let wasG = false;
    const onKey = (event: KeyboardEvent) => {
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

const PAGES: Readonly<Record<string, '/' | '/plants' | '/vpn'>> = { h: '/', p: '/plants', v: '/vpn' };

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
