/** Where the control plane of each Azure cloud lives. */
export const clouds = {
  public: { arm: 'https://management.azure.com', authority: 'https://login.microsoftonline.com' },
  china: { arm: 'https://management.chinacloudapi.cn', authority: 'https://login.chinacloudapi.cn' },
  usgov: { arm: 'https://management.usgovcloudapi.net', authority: 'https://login.microsoftonline.us' },
} as const;

export const cloudNames = ['public', 'china', 'usgov'] as const satisfies readonly (keyof typeof clouds)[];
