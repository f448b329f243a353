import { notifications } from '@mantine/notifications';
import { Icon } from './icon.tsx';

interface ToastOptions {
  readonly detail?: string;
  readonly bad?: boolean;
  /** Takes back what was just done. */
  readonly undo?: { readonly label: string; readonly run: () => void };
}

/** Says in passing that something was done. Errors that need an answer stand where they belong instead. */
export function toast(message: string, { detail, bad = false, undo }: ToastOptions = {}): void {
  const id = crypto.randomUUID();
  notifications.show({
    id,
    autoClose: undo === undefined ? 4000 : 8000,
    withCloseButton: false,
    icon: <Icon name={bad ? 'warn' : 'check'} />,
    color: bad ? 'var(--bad)' : 'var(--good)',
    message: (
      <span className="row between">
        <span>
          <b>{message}</b>
          {detail !== undefined && <small className="dim"> {detail}</small>}
        </span>
        {undo !== undefined && (
          <button
            type="button"
            className="btn sm quiet"
            onClick={() => {
              notifications.hide(id);
              undo.run();
            }}
          >
            {undo.label}
          </button>
        )}
      </span>
    ),
  });
}
