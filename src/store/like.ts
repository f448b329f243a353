/** A pattern for `ilike` that finds the text anywhere, or at the start. What people type has no wildcards. */
export function likePattern(text: string, where: 'anywhere' | 'start'): string {
  const literal = text.replaceAll(/[\\%_]/g, '\\$&');
  return where === 'start' ? `${literal}%` : `%${literal}%`;
}
