import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const LANGUAGES = ['en', 'de', 'es', 'fr', 'pt', 'it'];
const LOCALES = 'src/web/locales';

interface Texts {
  readonly [key: string]: string | Texts;
}

/** Keys as `a.b.c` with their texts. */
function flat(texts: Texts, prefix = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[prefix + key, value]] : flat(value, `${prefix}${key}.`),
  );
}

function read(language: string, namespace: string): Map<string, string> {
  const texts: Texts = JSON.parse(readFileSync(`${LOCALES}/${language}/${namespace}.json`, 'utf8'));
  return new Map(flat(texts));
}

/** The values that a text is filled in with. */
function slots(text: string): string[] {
  return [...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name = '']) => name).toSorted();
}

/** Plural forms are per language: `_one`, `_other`, `_many`. The key without them is what a page asks for. */
function asked(keys: Iterable<string>): Set<string> {
  return new Set([...keys].map((key) => key.replace(/_(zero|one|two|few|many|other)$/, '')));
}

const namespaces = globSync(`${LOCALES}/en/*.json`).map((path) => path.replace(/^.*\/(.+)\.json$/, '$1'));

describe('the texts of the web app, in six languages (USR-3)', () => {
  it.each(namespaces)('%s: every key is there in every language, with the same values to fill in', (namespace) => {
    const english = read('en', namespace);
    for (const language of LANGUAGES.slice(1)) {
      const texts = read(language, namespace);
      expect([language, ...asked(texts.keys())].sort()).toEqual([language, ...asked(english.keys())].sort());
      for (const [key, text] of texts) {
        const isPlural = /_(zero|one|two|few|many|other)$/.test(key);
        expect([language, key, text.trim()]).not.toEqual([language, key, '']);
        expect([language, key, ...(isPlural ? [] : slots(text))]).toEqual([
          language,
          key,
          ...(isPlural ? [] : slots(english.get(key) ?? '')),
        ]);
      }
    }
  });

  it.each(namespaces)('%s: every plural has all forms that its language needs', (namespace) => {
    for (const language of LANGUAGES) {
      const keys = [...read(language, namespace).keys()];
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const key of keys.filter((one) => one.endsWith('_other'))) {
        const missing = forms.filter((form) => !keys.includes(key.replace(/other$/, form)));
        expect([language, key, ...missing]).toEqual([language, key]);
      }
    }
  });

  it('has a text for every key that a page asks for by name', () => {
    const known = new Map(namespaces.map((namespace) => [namespace, asked(read('en', namespace).keys())]));
    const missing = globSync('src/web/**/*.tsx').flatMap((path) => {
      const source = readFileSync(path, 'utf8');
      const own = [...source.matchAll(/useTranslation\((?:\[)?'(\w+)'/g)].map(([, name = '']) => name);
      const scopes = [...own, 'common'];
      return [...source.matchAll(/\bt\(\s*'(?:(\w+):)?([\w.]+)'/g)]
        .filter(([, namespace, key = '']) =>
          namespace === undefined
            ? !scopes.some((scope) => known.get(scope)?.has(key))
            : known.get(namespace)?.has(key) !== true,
        )
        .map(([call]) => `${path}: ${call}`);
    });
    expect(missing).toEqual([]);
  });
});
