/** What the pages' data are about: the first part of every query key, by which what a change concerns is read again. */
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
