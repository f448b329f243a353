import { useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { type Schemas, api, bodyOf } from '../api/client.ts';
import { read } from '../api/query.ts';

export type Me = Schemas['Me'];

export const meQuery = read('me', [], (signal) => bodyOf(api.GET('/api/v1/me', { signal })));

const SessionContext = createContext<Me | undefined>(undefined);
export const SessionProvider = SessionContext.Provider;

/** Who is signed in. Everything inside the shell has it. */
export function useMe(): Me {
  const me = useContext(SessionContext);
  if (me === undefined) throw new Error('useMe is for what stands inside the shell');
  return me;
}

/** Who is signed in, before the shell knows: undefined while asking, null for nobody. */
export function useSession() {
  return useQuery({ ...meQuery, retry: false });
}
