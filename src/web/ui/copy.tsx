import { useTranslation } from 'react-i18next';
import { Icon } from './icon.tsx';
import { toast } from './toast.tsx';

interface CopyProps {
  /** What is copied, as it is typed elsewhere. */
  readonly value: string;
  /** What is shown; the value itself unless given. */
  readonly label?: string | undefined;
  readonly alias?: boolean | undefined;
}

/** A value in mono; a click copies it plain, and a toast repeats it. Addresses are never cut. */
export function Copy({ value, label = value, alias = false }: CopyProps) {
  const { t } = useTranslation();
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    toast(t('copied', { value }));
  };
  return (
    <button
      type="button"
      className={alias ? 'cp alias' : 'cp'}
      aria-label={t('copy', { value })}
      onClick={() => void copy()}
    >
      {label}
      <Icon name="copy" />
    </button>
  );
}
