import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('src/web', import.meta.url));

/**
 * The web app: `npm run build:web` for control to serve, `npm run dev` with a mock of the API in the browser (mode `mock`).
 * Nothing is inlined as `data:`, so that the content security policy needs no exception.
 */
export default defineConfig({
  root,
  cacheDir: fileURLToPath(new URL('dist/.vite', import.meta.url)),
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL('dist/web', import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2023',
  },
  server: { port: 5173, strictPort: false },
});
