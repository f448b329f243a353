import { changeLanguage, default as i18next, init, use } from 'i18next';
import { initReactI18next } from 'react-i18next';

/** The languages of the product (USR-3), each by its own name. */
export const LANGUAGES = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  fr: 'Français',
  pt: 'Português',
  it: 'Italiano',
} as const;
export type Language = keyof typeof LANGUAGES;

const STORED = 'parkway.language';

const texts = import.meta.glob<Record<string, unknown>>('./locales/*/*.json', { import: 'default' });

/** Starts in the language chosen here before, else in the browser's, else in English. Texts come as pages need them. */
export async function startTexts(): Promise<void> {
  use(initReactI18next);
  use({
    type: 'backend' as const,
    // i18next takes a promise as well as a callback.
    read: async (language: string, namespace: string) => {
      const load = texts[`./locales/${language}/${namespace}.json`];
      if (load === undefined) throw new Error(`there are no texts ${namespace} in ${language}`);
      return load();
    },
  });
  await init({
    lng: preferred(),
    fallbackLng: 'en',
    supportedLngs: Object.keys(LANGUAGES),
    ns: ['common'],
    defaultNS: 'common',
    interpolation: { escapeValue: false },
    react: { useSuspense: true },
  });
  document.documentElement.lang = i18next.language;
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language;
  });
}

/** Changes the language, and remembers it in this browser. */
export async function setLanguage(language: Language): Promise<void> {
  localStorage.setItem(STORED, language);
  await changeLanguage(language);
}

export function isLanguage(text: string): text is Language {
  return text in LANGUAGES;
}

function preferred(): Language {
  const asked = new URLSearchParams(location.search).get('lang');
  const wishes = [asked, localStorage.getItem(STORED), ...navigator.languages];
  const known = wishes.map((wish) => wish?.slice(0, 2) ?? '').find(isLanguage);
  return known ?? 'en';
}
