import { PinInput } from '@mantine/core';

interface CodeFieldProps {
  readonly label: string;
  readonly value: string;
  readonly wrong: boolean;
  readonly onChange: (code: string) => void;
  /** Called with the sixth digit. */
  readonly onComplete: (code: string) => void;
}

/** Six digits of an authenticator app. Takes a pasted code, and what the phone offers to fill in. */
export function CodeField({ label, value, wrong, onChange, onComplete }: CodeFieldProps) {
  return (
    <PinInput
      length={6}
      type="number"
      oneTimeCode
      autoFocus
      aria-label={label}
      classNames={{ root: 'code-field', input: 'code-digit' }}
      error={wrong}
      value={value}
      onChange={onChange}
      onComplete={onComplete}
    />
  );
}
