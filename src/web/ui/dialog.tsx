import { Modal } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icon.tsx';

interface DialogProps {
  readonly open: boolean;
  /** Undefined while it may not be left, such as before something shown once was saved. */
  readonly onClose: (() => void) | undefined;
  readonly title: ReactNode;
  readonly lead?: ReactNode;
  readonly footer?: ReactNode;
  /** Pixels on a desktop; on a phone it is a sheet from below. */
  readonly width?: number;
  readonly children: ReactNode;
}

/** A dialog that traps and returns the focus; on phones a sheet from below. */
export function Dialog({ open, onClose, title, lead, footer, width = 520, children }: DialogProps) {
  const { t } = useTranslation();
  const id = useId();
  const isFree = onClose !== undefined;
  return (
    <Modal.Root
      opened={open}
      onClose={onClose ?? (() => undefined)}
      size={width}
      centered
      // A class of Modal.Content would be on the box around it too.
      classNames={{ content: 'dialog' }}
      closeOnEscape={isFree}
      closeOnClickOutside={isFree}
      aria-labelledby={id}
    >
      <Modal.Overlay className="overlay" />
      <Modal.Content aria-labelledby={id}>
        <header>
          <div className="grow stack g1">
            <h2 id={id}>{title}</h2>
            {lead !== undefined && <p className="dim">{lead}</p>}
          </div>
          {isFree && (
            <button type="button" className="icon-btn" aria-label={t('close')} onClick={onClose}>
              <Icon name="x" />
            </button>
          )}
        </header>
        <div className="body">{children}</div>
        {footer !== undefined && <footer>{footer}</footer>}
      </Modal.Content>
    </Modal.Root>
  );
}
