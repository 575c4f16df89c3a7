import type { EngineDashboard } from '../../src/sdk.ts';
import { capacityPanels } from './dashboard/capacity.ts';
import { healthPanels } from './dashboard/health.ts';
import { maintenancePanels } from './dashboard/maintenance.ts';
import { performancePanels } from './dashboard/performance.ts';
import { problemPanels } from './dashboard/problems.ts';

export const mongodbDashboard: EngineDashboard = {
  health: healthPanels,
  problems: problemPanels,
  performance: performancePanels,
  capacity: capacityPanels,
  maintenance: maintenancePanels,
};
