/**
 * `web` holds the browser's side: pages over the public API and nothing else. `api` is the generated client, `shell` what stands around every page, `ui` the parts that pages are made of, `pages` a folder per area,
 * `mock` the API without a server, for work on pages (`npm run dev`).
 */
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './styles/tokens.css';
import './styles/parkway.css';
import './styles/app.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { setNonce } from 'get-nonce';
import { StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { shouldRetry } from './api/query.ts';
import { startTexts } from './i18n.ts';
import { router } from './router.tsx';
import { cssVariablesResolver, theme } from './theme.ts';

const queries = new QueryClient({
  defaultOptions: {
    // What is on screen is read again every five seconds: a state that changed is not shown for longer (VPN-12).
    queries: {
      staleTime: 5000,
      refetchInterval: 5000,
      retry: shouldRetry,
      refetchOnWindowFocus: true,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

async function start(): Promise<void> {
  if (import.meta.env.MODE === 'mock') (await import('./mock/install.ts')).installMock();
  await startTexts();
  const root = document.getElementById('root');
  if (root === null) throw new Error('the document has no #root');
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
  // Of the style that holds the page still behind a dialog; Mantine's own come through its provider.
  setNonce(nonce);
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariablesResolver}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <QueryClientProvider client={queries}>
          <Notifications position="bottom-center" />
          <Suspense>
            <RouterProvider router={router} />
          </Suspense>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

void start();
