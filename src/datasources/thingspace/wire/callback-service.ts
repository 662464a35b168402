/** Every path of the callback listener begins with this, below the path of a proxy if there is one. */
export const CALLBACK_PREFIX = '/callbacks/';

/** Every callback service that the carrier documents. A URL is registered under one of these names. */
export const CALLBACK_SERVICES = [
  'AlertService',
  'CarrierService',
  'DevicePRLInformation',
  'DeviceProfileService',
  'DevicePromoUsage',
  'DeviceService',
  'DeviceSuspensionStatus',
  'DeviceUsage',
  'DiagnosticsService',
  'EnhancedConnectivityService',
  'ExtendedEnhancedConnectivityService',
  'ExternalProvisioningChanges',
  'IntelligenceService',
  'NetworkEventService',
  'NiddService',
  'PromoChanges',
  'PwnService',
  'QoS',
  'ResumeTrackingNotification',
  'SMSDeliveryConfirmation',
  'StateService',
  'SubscriptionNotificationService',
  'VIPCallbackService',
] as const;

export type CallbackService = (typeof CALLBACK_SERVICES)[number];

/** The services that report the gateway's own operations. */
export const OWN_SERVICES = ['CarrierService', 'NiddService', 'DeviceProfileService'] as const satisfies readonly CallbackService[];
