import { Menu } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icon.tsx';
import { initials } from '../ui/values.ts';
import { type Me, useMe } from './session.tsx';

const STORED = 'parkway.organization';
const changed = new EventTarget();

/** The organization that the sidebar shows: the one chosen last, else the first. Undefined for who has none. */
export function useOrganization(): Me['memberships'][number] | undefined {
  const { memberships } = useMe();
  const chosen = useSyncExternalStore(
    (listener) => {
      changed.addEventListener('change', listener);
      return () => changed.removeEventListener('change', listener);
    },
    () => localStorage.getItem(STORED),
  );
  const find = (id: string | null | undefined) => memberships.find((one) => one.organizationId === id);
  return find(chosen) ?? memberships[0];
}

/** Shows the organization, and switches between several. */
export function OrganizationSwitch() {
  const { t } = useTranslation();
  const { memberships } = useMe();
  const navigate = useNavigate();
  const current = useOrganization();
  const name = current?.organizationName ?? t('platformName');
  if (memberships.length < 2)
    return (
      <div className="org">
        <span className="glyph">{initials(name)}</span>
        <b className="grow">{name}</b>
      </div>
    );
  const choose = (id: string) => {
    localStorage.setItem(STORED, id);
    changed.dispatchEvent(new Event('change'));
    void navigate({ to: '/' });
  };
  return (
    <Menu position="bottom-start" width="target" classNames={{ dropdown: 'menu' }}>
      <Menu.Target>
        <button type="button" className="org" aria-label={t('switchOrganization', { name })}>
          <span className="glyph">{initials(name)}</span>
          <b className="grow">{name}</b>
          <Icon name="updown" className="dimmer" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {memberships.map((one) => (
          <Menu.Item key={one.organizationId} onClick={() => choose(one.organizationId)}>
            <b>{one.organizationName}</b> <small className="dim">{t(`role.${one.role}`)}</small>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
