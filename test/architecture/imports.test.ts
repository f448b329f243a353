/**
 * `architecture` holds the source to what `docs/architecture.md` and CONTRIBUTING say about it. It reads the files as text:
 * an import is one line or a braced list, so regular expressions are enough.
 */
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Import {
  readonly from: string;
  /** A path below the repository, or the name of a package. */
  readonly to: string;
  /** `type` for what is gone at run time, `dynamic` for what is loaded on demand. */
  readonly kind: 'static' | 'dynamic' | 'type';
}

const IMPORT =
  /(?:^(?:import|export)\b(\s+type\b(?=\s*[{*\w]))?[^'";]*?from\s*|^import\s*|(\bimport\(\s*))['"]([^'"\n]+)['"]/gm;

const texts = new Map(
  globSync('{src,test,bench}/**/*.{ts,tsx}').map((path) => [path.replaceAll('\\', '/'), readFileSync(path, 'utf8')]),
);
const sources = [...texts.keys()].filter((path) => path.startsWith('src/')).sort();
const imports = [...texts].flatMap(([from, text]) =>
  [...text.matchAll(IMPORT)].map(([, type, dynamic, name = '']): Import => {
    const to = name.startsWith('.') ? posix.join(posix.dirname(from), name) : name;
    return { from, to, kind: type !== undefined ? 'type' : dynamic !== undefined ? 'dynamic' : 'static' };
  }),
);

/** `access` of `src/access/roles.ts`. */
function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** The rows of the table in `docs/architecture.md`: folder, and what it may import; undefined is everything. */
function table(): Map<string, readonly string[] | undefined> {
  const rows = readFileSync('docs/architecture.md', 'utf8').matchAll(/^\| `src\/(\w+)\/` *\|.*\|([^|]*)\|$/gm);
  return new Map(
    [...rows].map(([, folder = '', cell = '']) => {
      // What stands in brackets is a reason.
      const names = cell.replaceAll(/\([^)]*\)/g, '').split(',');
      const allowed = names.map((name) => name.trim()).filter((name) => name !== '');
      return [folder, allowed.includes('everything') ? undefined : allowed];
    }),
  );
}

/**
 * The command line starts the daemons, and in `lab.ts` the lab, which stands outside and may use everything. Both are
 * loaded only when their command is called, so that no other command depends on them.
 */
function isStart({ from, to, kind }: Import): boolean {
  return from === 'src/cli/lab.ts' || (folderOf(from) === 'cli' && kind === 'dynamic' && to.endsWith('/main.ts'));
}

function isBetween(edge: readonly [string | undefined, string | undefined]): edge is readonly [string, string] {
  return edge[0] !== undefined && edge[1] !== undefined && edge[0] !== edge[1];
}

/** The edges that close a circle, each as `from -> to`. */
function circles(edges: readonly (readonly [string, string])[]): string[] {
  const next = Map.groupBy(edges, ([from]) => from);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (at: string, path: ReadonlySet<string>): void => {
    const here = new Set([...path, at]);
    for (const [, to] of next.get(at) ?? []) {
      if (here.has(to)) found.push(`${at} -> ${to}`);
      else if (!done.has(to)) visit(to, here);
    }
    done.add(at);
  };
  for (const [from] of edges) if (!done.has(from)) visit(from, new Set());
  return found;
}

function sourcesWith(pattern: RegExp): string[] {
  return sources.filter((path) => pattern.test(texts.get(path) ?? ''));
}

describe('the source', () => {
  it('has the folders of the table in docs/architecture.md, and no others', () => {
    const folders = new Set(sources.map(folderOf));
    expect([...folders].filter((folder) => folder === undefined || !table().has(folder))).toEqual([]);
    expect([...table().keys()].filter((folder) => !folders.has(folder))).toEqual([]);
  });

  it('imports between folders only what the table allows', () => {
    const rows = table();
    const forbidden = imports.filter((each) => {
      const [from, to] = [folderOf(each.from), folderOf(each.to)];
      if (from === undefined || to === undefined || from === to || isStart(each)) return false;
      const allowed = rows.get(from);
      return allowed !== undefined && !allowed.includes(to);
    });
    expect(forbidden.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('imports files that exist, and nothing from outside but packages; only tests import from test/', () => {
    const strays = imports.filter(({ from, to }) => {
      if (!from.startsWith('src/') || !to.includes('/') || !to.endsWith('.ts')) return false;
      return !texts.has(to) || (!to.startsWith('src/') && !from.endsWith('.test.ts'));
    });
    expect(strays.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('has no circles: of files at run time, of folders at all', () => {
    const own = imports.filter(({ to, kind }) => texts.has(to) && kind !== 'dynamic');
    const files = own.filter(({ kind }) => kind === 'static');
    expect(files.length).toBeGreaterThan(0);
    expect(circles(files.map(({ from, to }) => [from, to] as const))).toEqual([]);
    const folders = own.filter((each) => !isStart(each)).map(({ from, to }) => [folderOf(from), folderOf(to)] as const);
    expect(circles(folders.filter(isBetween))).toEqual([]);
  });

  it('loads the lab on demand alone', () => {
    const loaders = imports.filter(({ to }) => to === 'src/cli/lab.ts');
    expect(loaders.map(({ from, kind }) => `${from} ${kind}`)).toEqual(['src/cli/program.ts dynamic']);
  });

  it('keeps net and access pure: no packages but those they compute with', () => {
    const pure = imports.filter(({ from }) => /^src\/(net|access)\/(?!model\/)/.test(from) && !from.includes('.test.'));
    const packages = new Set(pure.map(({ to }) => to).filter((to) => !to.startsWith('src/')));
    expect([...packages].sort()).toEqual(['ipaddr.js', 'node:crypto']);
  });

  it('starts processes in kernel alone, and in the lab and tests, which stand outside', () => {
    const starters = imports.filter(({ to }) => /^(node:)?child_process$/.test(to)).map(({ from }) => from);
    expect(starters.length).toBeGreaterThan(0);
    expect(starters.filter((path) => !/^(src\/kernel|src\/lab|test|bench)\//.test(path))).toEqual([]);
  });

  it('reads the environment in main.ts files alone', () => {
    const readers = sourcesWith(/process\s*\.\s*env\b/);
    expect(readers.length).toBeGreaterThan(0);
    expect(readers.filter((path) => !path.endsWith('/main.ts'))).toEqual([]);
    expect(sourcesWith(/import[^'"]*\benv\b[^'"]*from 'node:process'/)).toEqual([]);
  });

  it('says in one file of each folder what the folder owns', () => {
    const owners = [...new Set(sources.map(folderOf))].map((folder) => {
      const first = new RegExp(`^(#!.*\\n)?/\\*\\*\\n \\* \`${folder}\` [a-z]+s `);
      const files = sources.filter(
        (path) => posix.dirname(path) === `src/${folder}` && first.test(texts.get(path) ?? ''),
      );
      return `${folder}: ${files.length}`;
    });
    expect(owners.filter((line) => !line.endsWith(': 1'))).toEqual([]);
  });

  it('has no barrel files and no default exports', () => {
    expect(sourcesWith(/^export\s+(type\s+)?(\*|\{[^}]*\})[^;]*\bfrom\b/m)).toEqual([]);
    expect(sourcesWith(/^export\s+default\b|^export\s*\{[^}]*\bas\s+default\b/m)).toEqual([]);
  });
});
