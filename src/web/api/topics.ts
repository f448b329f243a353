/**
 * What the pages' data are about. The first part of every query key is one of these, so that an event of the same name
 * refreshes just what it concerns.
 */
export const TOPICS = [
  'me',
  'routes',
  'certificate',
  'plants',
  'organization',
  'cooperations',
  'platform',
  'sessions',
  'tokens',
  'revision',
] as const;
export type Topic = (typeof TOPICS)[number];
