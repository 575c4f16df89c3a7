import type { OtlpInput, OtlpPush } from './otlp-push.ts';

/** Loads the OpenTelemetry SDK, which an agent without an endpoint never has in memory, and begins to push. */
export async function startOtlp(input: OtlpInput): Promise<OtlpPush> {
  const { startOtlpSdk } = await import('./otlp-sdk.ts');
  return startOtlpSdk(input);
}
