/**
 * Screenshots of every page, 1440 and 390 px wide, light and dark, from the mock: `node scripts/screenshots.ts [filter…]`
 * writes `dist/screenshots/<page>-<width>-<scheme>.png`. `LANGUAGE=de` takes another language, `FAST=1` light alone.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { openBrowser } from '../test/e2e/browser.ts';
import { PAGES } from '../test/e2e/pages.ts';

const out = fileURLToPath(new URL('../dist/screenshots/', import.meta.url));
mkdirSync(out, { recursive: true });
const wanted = process.argv.slice(2);
const language = process.env['LANGUAGE'] ?? 'en';
const schemes = process.env['FAST'] === undefined ? (['light', 'dark'] as const) : (['light'] as const);

const server = await createServer({
  configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
  mode: 'mock',
  logLevel: 'error',
});
await server.listen(0);
const base = server.resolvedUrls?.local[0];
if (base === undefined) throw new Error('vite listens nowhere');

for (const width of [1440, 390])
  for (const scheme of schemes) {
    await using browser = await openBrowser({ width, height: width === 390 ? 844 : 900, scheme });
    const page = await browser.context.newPage();
    page.on('pageerror', (error) => process.stderr.write(`  ${error.message}\n`));
    for (const { name, path, ready } of PAGES) {
      if (wanted.length > 0 && !wanted.some((one) => name.startsWith(one))) continue;
      const url = new URL(path, base);
      url.searchParams.set('lang', language);
      await page.goto(url.href);
      await page
        .locator(ready ?? 'h1')
        .first()
        .waitFor();
      await page.waitForLoadState('networkidle');
      await page.evaluate('document.fonts.ready');
      // As tall as the page, so that the bar below stands below.
      const tall = Number(await page.evaluate('document.documentElement.scrollHeight'));
      await page.setViewportSize({ width, height: Math.max(tall, page.viewportSize()?.height ?? 0) });
      const file = `${name}-${width}-${scheme}${language === 'en' ? '' : `-${language}`}.png`;
      await page.screenshot({ path: out + file, fullPage: true });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      process.stdout.write(`dist/screenshots/${file}\n`);
    }
  }
await server.close();
