import { Problem } from '../wire/problem.ts';

/** What does not exist and what is not the actor's to see get this same answer. `what` names the kind: "plant". */
export function notFound(what: string): Problem {
  return new Problem('not-found', `There is no such ${what}, or it is not yours to see. Check the id.`);
}

/** Passes a row on, or refuses with `not-found` when the store found none that the actor may see. */
export function found<T>(row: T | undefined, what: string): T {
  if (row === undefined) throw notFound(what);
  return row;
}

/** Refuses what the actor may see but not do. `detail` says who may: "Only administrators of the owner may …". */
export function notAllowed(detail: string): Problem {
  return new Problem('not-allowed', detail);
}
