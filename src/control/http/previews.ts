import { effectsSchema, previewInput } from '../../wire/rest/previews.ts';
import { previewChange } from '../app/preview-change.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';

/** Effects of a change before it is made. */
export function previewRoutes(app: App, deps: Deps): void {
  app.post(
    '/previews',
    {
      // Each kind of change asks for the scope that the change itself asks for.
      config: { access: 'anyone' },
      schema: {
        operationId: 'previewChange',
        summary: 'What a change would do to whom, without making it; refused like the change itself',
        tags: ['Access'],
        body: previewInput,
        response: { 200: effectsSchema },
      },
    },
    async ({ actor, body }) => previewChange(deps, actor, body.change),
  );
}
