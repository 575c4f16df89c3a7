import type { HttpAnswer } from './http-faults.ts';
import type { TokenMint } from './tokens.ts';

/** An application that may sign in at the double. */
export interface ClientRegistration {
  readonly tenant: string;
  readonly clientId: string;
  readonly secret: string;
  /** What a workload identity shows instead of the secret: the content of its token file. */
  readonly federatedToken: string;
}

/**
 * The part of Microsoft Entra ID that ClientSecretCredential uses: discovery and the token endpoint of one tenant.
 *
 * @returns `undefined` for paths of other services.
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export function answerIdentity(
  path: string,
  form: URLSearchParams,
  origin: string,
  registration: ClientRegistration,
  mint: TokenMint,
): HttpAnswer | undefined {
  const [, tenant, rest] =
    /^\/([^/]+)\/(v2\.0\/\.well-known\/openid-configuration|oauth2\/v2\.0\/token)$/.exec(path) ?? [];
  if (tenant === undefined) return undefined;
  if (tenant !== registration.tenant) {
    return refusal(
      400,
      'invalid_request',
      90_002,
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID.`,
    );
  }
  if (rest?.startsWith('v2.0/')) return { status: 200, body: discovery(origin, tenant) };
  return answerTokenRequest(form, registration, mint);
}

function answerTokenRequest(
  form: URLSearchParams,
  registration: ClientRegistration,
  mint: TokenMint,
): HttpAnswer {
  if (form.get('client_id') !== registration.clientId) {
    return refusal(
      400,
      'unauthorized_client',
      700_016,
      `Application with identifier '${form.get('client_id')}' was not found in the directory.`,
    );
  }
  const assertion = form.get('client_assertion');
  if (assertion !== null && assertion !== registration.federatedToken) {
    return refusal(
      401,
      'invalid_client',
      700_213,
      'No matching federated identity record found for presented assertion subject.',
    );
  }
  if (assertion === null && form.get('client_secret') !== registration.secret) {
    return refusal(
      401,
      'invalid_client',
      7_000_215,
      "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" +
        registration.clientId +
        "'.",
    );
  }
  const scope = form
    .get('scope')
    ?.split(' ')
    .find((candidate) => candidate.endsWith('/.default'));
  if (form.get('grant_type') !== 'client_credentials' || scope === undefined) {
    return refusal(400, 'invalid_scope', 70_011, 'The provided value for scope is not valid.');
  }
  const { token } = mint.issue(audienceOf(scope), registration.clientId);
  const lifetime = mint.lifetimeSeconds;
  return {
    status: 200,
    body: { token_type: 'Bearer', expires_in: lifetime, ext_expires_in: lifetime, access_token: token },
  };
}

/**
 * The managed identity endpoint of Azure App Service, which credentials find by IDENTITY_ENDPOINT and IDENTITY_HEADER; plain http, as
 * there.
 *
 * @see https://learn.microsoft.com/en-us/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
export function answerManagedIdentity(
  query: URLSearchParams,
  header: string | undefined,
  expectedHeader: string,
  registration: ClientRegistration,
  mint: TokenMint,
): HttpAnswer {
  if (header !== expectedHeader) {
    return { status: 401, body: { statusCode: 401, message: 'X-IDENTITY-HEADER is missing or wrong.' } };
  }
  const resource = query.get('resource');
  if (resource === null) return { status: 400, body: { statusCode: 400, message: 'resource is required.' } };
  const clientId = query.get('client_id') ?? registration.clientId;
  if (clientId !== registration.clientId) {
    return {
      status: 400,
      body: {
        statusCode: 400,
        message:
          'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
      },
    };
  }
  const { token, expiresAtMs } = mint.issue(audienceOf(resource), clientId);
  return {
    status: 200,
    body: {
      access_token: token,
      expires_on: String(Math.floor(expiresAtMs / 1_000)),
      resource,
      token_type: 'Bearer',
      client_id: clientId,
    },
  };
}

function audienceOf(scope: string): string {
  return scope.replace(/\/\.default$/, '').replace(/\/+$/, '');
}

function discovery(origin: string, tenant: string): unknown {
  return {
    issuer: `${origin}/${tenant}/v2.0`,
    authorization_endpoint: `${origin}/${tenant}/oauth2/v2.0/authorize`,
    token_endpoint: `${origin}/${tenant}/oauth2/v2.0/token`,
    jwks_uri: `${origin}/${tenant}/discovery/v2.0/keys`,
  };
}

function refusal(status: number, error: string, code: number, text: string): HttpAnswer {
  return {
    status,
    body: {
      error,
      error_description: `AADSTS${code}: ${text} Trace ID: 00000000-0000-0000-0000-000000000000 Correlation ID: 00000000-0000-0000-0000-000000000000 Timestamp: 2026-01-01 00:00:00Z`,
      error_codes: [code],
      timestamp: '2026-01-01 00:00:00Z',
      error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    },
  };
}
