import { useTranslation } from 'react-i18next';
import { TextField } from '../../ui/fields.tsx';

/** NIST SP 800-63B: length is what counts. Control asks for the same. */
const SHORTEST = 10;

export function isLongEnough(password: string): boolean {
  return password.length >= SHORTEST;
}

/** A password that is being chosen; its one rule is said before it is broken. */
export function NewPassword({ value, onChange }: { value: string; onChange: (password: string) => void }) {
  const { t } = useTranslation(['account', 'common']);
  const rule = t('passwordRule', { count: SHORTEST });
  return (
    <TextField
      label={t('password')}
      hint={rule}
      error={value === '' || isLongEnough(value) ? undefined : rule}
      type="password"
      autoComplete="new-password"
      required
      value={value}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}
