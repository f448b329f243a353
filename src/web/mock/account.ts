import { meOf } from './people.ts';
import { MockProblem, type Handlers } from './types.ts';

export const accountHandlers: Handlers = {
  getMe: (call) => {
    if (call.as === 'nobody') throw new MockProblem(401, 'not-signed-in', 'Sign in.');
    return meOf(call);
  },
};
