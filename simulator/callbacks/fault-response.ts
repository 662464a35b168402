/** The documented fault of a failed device. */
export interface FaultResponse {
  readonly faultcode: string;
  readonly faultstring: string;
}

/** A fault by its documented code, for instance `REQUEST_FAILED.DeviceNotFound`. */
export const faultResponse = (code: string, text: string): FaultResponse => ({
  faultcode: `UnifiedWebService.${code}`,
  faultstring: `${code.split('.')[0]}. ${text}`,
});
