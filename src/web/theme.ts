import { type CSSVariablesResolver, type MantineColorsTuple, createTheme } from '@mantine/core';

const petrol: MantineColorsTuple = [
  '#DFEFF5',
  '#C6E2EC',
  '#A6DEF1',
  '#86CFE8',
  '#4FB7DA',
  '#0A78A3',
  '#0B5B78',
  '#08485F',
  '#0B3242',
  '#04202B',
];

/** Mantine in Parkway's clothes. Every colour comes from `styles/tokens.css`. */
export const theme = createTheme({
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  headings: { fontFamily: 'var(--sans)', fontWeight: '600' },
  primaryColor: 'petrol',
  colors: { petrol },
  primaryShade: { light: 6, dark: 3 },
  autoContrast: true,
  defaultRadius: 8,
  respectReducedMotion: true,
  cursorType: 'pointer',
});

/** Mantine's variables from the tokens, so that both schemes follow one file. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {
    '--mantine-color-body': 'var(--canvas)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--sunken)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-dimmed': 'var(--text-2)',
    '--mantine-color-placeholder': 'var(--text-3)',
    '--mantine-color-anchor': 'var(--accent)',
    '--mantine-color-error': 'var(--bad)',
    '--mantine-primary-color-filled': 'var(--accent)',
    '--mantine-primary-color-filled-hover': 'var(--accent-hover)',
    '--mantine-primary-color-light': 'var(--accent-tint)',
    '--mantine-primary-color-light-color': 'var(--accent)',
    '--mantine-primary-color-contrast': 'var(--on-accent)',
  },
  light: {},
  dark: {},
});
