/**
 * `store` owns the database: migrations, one file per aggregate, the derivation of access, revisions, address allocation
 * and the embedded server. Nothing else speaks SQL but the control use cases that compose these functions.
 *
 * This file: the Kysely types of the tables in `migrations/`. `inet` and `cidr` are texts, `bigint` is a number (revisions
 * and counters stay below 2^53).
 */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { PublicKey } from '../net/keys.ts';

export type OrganizationRole = 'guest' | 'member' | 'moderator' | 'administrator';
export type JobRole = 'viewer' | 'asset_manager_commercial' | 'technical_manager' | 'operator';
export type TokenScope = 'read' | 'routes' | 'manage' | 'platform';
export type CooperationStatus = 'pending' | 'active' | 'paused' | 'ended';
/** What a session was opened with besides the password. */
export type SessionFactor = 'none' | 'code' | 'recovery';
export type AccessSource = 'membership' | 'plant-grant' | 'portfolio-grant' | 'plant-share' | 'portfolio-share';

/** A time the database fills in when it is left out. */
type Stamp = Generated<Date>;
/** `generated always`: never written. */
type Always<T> = ColumnType<T, never, never>;

export interface Schema {
  installation: {
    one: Generated<boolean>;
    id: Generated<string>;
    control_public_key: PublicKey;
    control_sealed_key: string;
  };
  revision: { one: Generated<boolean>; value: number };
  changes: { revision: number; kind: string; key: string; plant_no: number | null };
  changes_floor: { one: Generated<boolean>; revision: number };
  users: {
    id: Generated<string>;
    no: Always<number>;
    email: string;
    name: string;
    password_hash: string | null;
    platform_administrator: Generated<boolean>;
    created_at: Stamp;
    deleted_at: Date | null;
    preferences: Generated<Record<string, unknown>>;
  };
  organizations: { id: Generated<string>; name: string; alias_quota: Generated<number>; created_at: Stamp };
  memberships: { organization_id: string; user_id: string; role: OrganizationRole; created_at: Stamp };
  invitations: { id: Generated<string>; user_id: string; token_hash: Buffer; expires_at: Date; used_at: Date | null };
  portfolios: { id: Generated<string>; organization_id: string; name: string; created_at: Stamp };
  plants: {
    id: Generated<string>;
    no: Always<number>;
    organization_id: string;
    portfolio_id: string;
    name: string;
    created_at: Stamp;
  };
  subnets: {
    id: Generated<string>;
    no: Always<number>;
    organization_id: string;
    plant_id: string;
    network: string;
    unique_range: string;
    pool: 'alias' | 'hidden';
    since: number;
    created_at: Stamp;
  };
  released: { range: string; released_at: Stamp; organization_id: string | null; user_id: string | null };
  devices: {
    id: Generated<string>;
    organization_id: string;
    plant_id: string;
    name: string;
    address: string;
    note: Generated<string>;
    created_at: Stamp;
  };
  grants: {
    id: Generated<string>;
    organization_id: string;
    user_id: string;
    portfolio_id: string | null;
    plant_id: string | null;
    role: JobRole;
    created_by: string | null;
    created_at: Stamp;
  };
  cooperations: {
    id: Generated<string>;
    owner_id: string;
    partner_id: string;
    status: Generated<CooperationStatus>;
    invited_by: string | null;
    accepted_by: string | null;
    created_at: Stamp;
    status_since: Stamp;
  };
  shares: {
    id: Generated<string>;
    cooperation_id: string;
    owner_id: string;
    portfolio_id: string | null;
    plant_id: string | null;
    cap: JobRole;
    created_at: Stamp;
  };
  assignments: {
    id: Generated<string>;
    share_id: string;
    cooperation_id: string;
    partner_id: string;
    user_id: string;
    role: JobRole;
    created_at: Stamp;
  };
  regions: { id: Generated<string>; name: string };
  slots: { no: number; address: string; port: number; public_key: PublicKey; sealed_key: string; users: string };
  gateways: {
    id: Generated<string>;
    no: Always<number>;
    region_id: string;
    name: string;
    identity_key: PublicKey | null;
    tunnel_key: PublicKey | null;
    endpoint: string | null;
    address: string;
    enrolled_at: Date | null;
  };
  gateway_status: {
    gateway_no: number;
    applied: Generated<number>;
    seen_at: Date | null;
    clock_offset_ms: number | null;
    connection: Generated<number>;
  };
  agents: {
    id: Generated<string>;
    plant_no: number;
    identity_key: PublicKey;
    tunnel_key: PublicKey;
    address: string;
    enrolled_at: Stamp;
  };
  agent_status: {
    plant_no: number;
    applied: Generated<number>;
    seen_at: Date | null;
    clock_offset_ms: number | null;
    connection: Generated<number>;
  };
  enrollment_tokens: {
    token_hash: Buffer;
    plant_id: string | null;
    gateway_id: string | null;
    created_by: string | null;
    created_at: Stamp;
    expires_at: Date;
    used_at: Date | null;
  };
  paths: { gateway_no: number; plant_no: number; up: boolean; since: Stamp };
  certificates: {
    user_id: string;
    slot_no: number;
    address: string;
    public_key: PublicKey;
    profile: 'full' | 'alias';
    issued_at: Stamp;
    rotated_at: Date | null;
    revision: number;
  };
  retired_keys: { public_key: PublicKey; retired_at: Stamp };
  reach: { user_id: string; plant_no: number; since: number };
  route_settings: {
    user_id: string;
    subnet_no: number;
    plant_no: number;
    chosen: Generated<number>;
    paused_at: Date | null;
    revision: number;
  };
  corrections: {
    id: Always<number>;
    at: Stamp;
    revision: number | null;
    kind: string;
    detail: JSONColumnType<Record<string, unknown>>;
  };
  limit_hits: { gateway_no: number; user_id: string; at: Stamp; packets: number };
  sessions: {
    id: Generated<string>;
    user_id: string;
    token_hash: Buffer;
    created_at: Stamp;
    expires_at: Date;
    last_used_at: Stamp;
    source: string | null;
    user_agent: Generated<string>;
    cookie: Generated<boolean>;
    second_factor: Generated<SessionFactor>;
  };
  second_factors: {
    user_id: string;
    sealed_secret: string;
    last_step: number;
    recovery_hash: Buffer;
    created_at: Stamp;
  };
  second_factor_setups: { user_id: string; sealed_secret: string; expires_at: Date };
  sign_in_challenges: { token_hash: Buffer; user_id: string; attempts: Generated<number>; expires_at: Date };
  password_resets: { token_hash: Buffer; user_id: string; expires_at: Date };
  familiar: { user_id: string; key: Buffer; last_used_at: Date };
  account_events: {
    id: Always<number>;
    at: Stamp;
    kind: string;
    user_id: string;
    actor_id: string | null;
    organization_id: string | null;
    source: string | null;
    detail: JSONColumnType<Record<string, unknown>>;
  };
  api_tokens: {
    id: Generated<string>;
    user_id: string;
    parent_id: string | null;
    name: string;
    token_hash: Buffer;
    scopes: TokenScope[];
    networks: Generated<string[]>;
    created_at: Stamp;
    expires_at: Date | null;
    last_used_at: Date | null;
  };
  idempotency_keys: {
    user_id: string;
    key: string;
    request_hash: Buffer;
    status: number | null;
    body: JSONColumnType<Record<string, unknown>> | null;
    created_at: Stamp;
  };
  identities: {
    id: Generated<string>;
    user_id: string;
    issuer: string;
    subject: string;
    email: string | null;
    created_at: Stamp;
    last_used_at: Stamp;
  };
  /** View: every source of every role (ACC-6). */
  access_sources: {
    user_id: Always<string>;
    plant_id: Always<string>;
    plant_no: Always<number>;
    role: Always<JobRole>;
    source: Always<AccessSource>;
    source_id: Always<string>;
  };
  /** View: what `reach` must be. */
  reach_wanted: { user_id: Always<string>; plant_no: Always<number> };
}
