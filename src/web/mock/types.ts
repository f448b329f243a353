import type { operations } from '../api/schema.d.ts';

/** A request as a handler of the mock sees it. */
export interface MockCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly as: string;
  readonly isEmpty: boolean;
  readonly size: number;
}

/** A refusal of the mock. */
export class MockProblem extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

type Responses<Id extends keyof operations> = operations[Id]['responses'];
type Ok<R> = R[keyof R & (200 | 201 | 202 | 204)];
type Body<A> = A extends { content: { 'application/json': infer B } } ? B : undefined;

/** What an operation answers when all is well: what the contract says, or undefined for 204. */
export type AnswerOf<Id extends keyof operations> = Body<Ok<Responses<Id>>>;

/** The mock's handlers by operation id, held to the contract. */
export type Handlers = { readonly [Id in keyof operations]?: (call: MockCall) => AnswerOf<Id> };
