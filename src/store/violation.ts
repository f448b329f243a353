import type { Problem } from '../wire/problem.ts';

/**
 * Runs a write and turns the violation of a named constraint (or unique index) into the problem that stands for it.
 * Other errors pass through. The transaction is lost either way.
 */
export async function refusing<T>(
  work: () => Promise<T>,
  problems: Readonly<Record<string, () => Problem>>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const problem = problems[constraintOf(error) ?? ''];
    throw problem === undefined ? error : problem();
  }
}

function constraintOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('constraint' in error)) return undefined;
  return typeof error.constraint === 'string' ? error.constraint : undefined;
}
