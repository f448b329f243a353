import { useEffect, useState } from 'react';

/**
 * What the address carries behind `#`, where no server sees it; `#<token>` is under the name `token`. It is taken out of the
 * address as soon as the page stands: a secret must not stay in the history or in a picture of the screen. Not sooner, for a
 * page that still waits for its texts is begun again, and has to find it again.
 */
export function useFragment(): URLSearchParams {
  const [fragment] = useState(() => parse(location.hash.slice(1)));
  useEffect(() => {
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname + location.search);
  }, []);
  return fragment;
}

function parse(text: string): URLSearchParams {
  if (text === '') return new URLSearchParams();
  return text.includes('=') ? new URLSearchParams(text) : new URLSearchParams({ token: text });
}
