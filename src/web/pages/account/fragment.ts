/**
 * What the address carries behind `#`, where no server sees it, and takes it out of the address at once: a secret must not
 * stay in the history or in a screenshot. `#<token>` is under the name `token`.
 */
export function takeFragment(): URLSearchParams {
  const text = location.hash.slice(1);
  if (text === '') return new URLSearchParams();
  history.replaceState(history.state, '', location.pathname + location.search);
  return text.includes('=') ? new URLSearchParams(text) : new URLSearchParams({ token: text });
}
