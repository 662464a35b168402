/** Callback services that a listener can be registered for (pages "About Callback Services", "Register Callback Listener"). */
export const serviceNames = [
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

export type ServiceName = (typeof serviceNames)[number];

/** The name, or undefined when there is no such service. Exact spelling. */
export const serviceName = (text: string): ServiceName | undefined => serviceNames.find((name) => name === text);
