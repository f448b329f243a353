import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icon.tsx';

interface TextFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
}

/** A labelled text field; what is wrong stands below it. */
export function TextField({ label, hint, error, ...input }: TextFieldProps) {
  const id = useId();
  return (
    <div className="inp">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={error === undefined ? 'text' : 'text err'}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-more`}
        {...input}
      />
      <div id={`${id}-more`}>
        {error === undefined ? (
          hint !== undefined && <small className="dimmer">{hint}</small>
        ) : (
          <p className="err-text" role="alert">
            <Icon name="warn" />
            <span>{error}</span>
          </p>
        )}
      </div>
    </div>
  );
}

interface SelectFieldProps extends SelectHTMLAttributes<HTMLSelectElement> {
  readonly label: string;
  /** The label is there for screen readers only: the first option says the same. */
  readonly quiet?: boolean;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

/** A choice of few. The browser's own list: keyboard, phone and screen reader know it. */
export function SelectField({ label, quiet = false, options, ...select }: SelectFieldProps) {
  const id = useId();
  return (
    <div className={quiet ? 'inp quiet' : 'inp'}>
      <label htmlFor={id} className={quiet ? 'sr' : undefined}>
        {label}
      </label>
      <select id={id} className="text" {...select}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** The filter of a list; `/` goes there. */
export function SearchField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <span className="field grow">
      <Icon name="search" />
      <input
        type="search"
        data-filter=""
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      {value !== '' && (
        <button type="button" className="icon-btn" aria-label={t('clear')} onClick={() => onChange('')}>
          <Icon name="x" />
        </button>
      )}
    </span>
  );
}
