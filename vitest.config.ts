import { defineConfig } from 'vitest/config';

/**
 * Three projects, by what they need: `unit` is pure and quick, `store` starts Postgres servers,
 * `netns` needs root and makes network namespaces.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'bench/**/*.test.ts',
            'test/architecture/**/*.test.ts',
            'test/coverage/**/*.test.ts',
          ],
          exclude: ['src/store/**', 'src/control/**', 'src/lab/size/load.test.ts'],
        },
      },
      {
        test: {
          name: 'store',
          include: [
            'src/store/**/*.test.ts',
            'src/control/**/*.test.ts',
            'src/lab/size/load.test.ts',
            'test/sync/**/*.test.ts',
          ],
          globalSetup: ['test/postgres/setup.ts'],
          hookTimeout: 60_000,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'netns',
          include: ['test/netns/**/*.test.ts'],
          fileParallelism: false,
          hookTimeout: 180_000,
          testTimeout: 180_000,
        },
      },
    ],
  },
});
