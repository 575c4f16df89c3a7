// Columns of the views of INFORMATION_SCHEMA, one a line: name and type. The pages they come from are named in information-schema.ts.

const table = 'STRUCT<project_id STRING, dataset_id STRING, table_id STRING>';
const errorProto = 'STRUCT<reason STRING, location STRING, debug_info STRING, message STRING>';
const labels = 'ARRAY<STRUCT<key STRING, value STRING>>';
const stage =
  'STRUCT<name STRING, id INT64, start_ms INT64, end_ms INT64, input_stages ARRAY<INT64>, wait_ratio_avg FLOAT64, wait_ms_avg INT64, ' +
  'wait_ratio_max FLOAT64, wait_ms_max INT64, read_ratio_avg FLOAT64, read_ms_avg INT64, read_ratio_max FLOAT64, read_ms_max INT64, ' +
  'compute_ratio_avg FLOAT64, compute_ms_avg INT64, compute_ratio_max FLOAT64, compute_ms_max INT64, write_ratio_avg FLOAT64, ' +
  'write_ms_avg INT64, write_ratio_max FLOAT64, write_ms_max INT64, shuffle_output_bytes INT64, shuffle_output_bytes_spilled INT64, ' +
  'records_read INT64, records_written INT64, parallel_inputs INT64, completed_parallel_inputs INT64, status STRING, ' +
  'steps ARRAY<STRUCT<kind STRING, substeps ARRAY<STRING>>>, slot_ms INT64, compute_mode STRING>';
const timelineEntry =
  'STRUCT<elapsed_ms INT64, total_slot_ms INT64, pending_units INT64, completed_units INT64, active_units INT64, estimated_runnable_units INT64>';
const performanceInsights =
  'STRUCT<avg_previous_execution_ms INT64, stage_performance_standalone_insights ARRAY<STRUCT<stage_id INT64, slot_contention BOOL, ' +
  'insufficient_shuffle_quota BOOL>>, stage_performance_change_insights ARRAY<STRUCT<stage_id INT64, ' +
  'input_data_change STRUCT<records_read_diff_percentage FLOAT64>>>>';
const autoscale = 'STRUCT<current_slots INT64, max_slots INT64>';

export const jobs = `
  bi_engine_statistics STRUCT<bi_engine_mode STRING, acceleration_mode STRING, bi_engine_reasons ARRAY<STRUCT<code STRING, message STRING>>>
  cache_hit BOOL
  creation_time TIMESTAMP
  destination_table ${table}
  dml_statistics STRUCT<inserted_row_count INT64, deleted_row_count INT64, updated_row_count INT64>
  edition STRING
  end_time TIMESTAMP
  error_result ${errorProto}
  job_creation_reason STRUCT<code STRING>
  job_id STRING
  job_stages ARRAY<${stage}>
  job_type STRING
  labels ${labels}
  parent_job_id STRING
  principal_subject STRING
  priority STRING
  project_id STRING
  project_number INT64
  query STRING
  query_dialect STRING
  continuous BOOL
  query_info STRUCT<resource_warning STRING, query_hashes STRUCT<normalized_literals STRING>, performance_insights ${performanceInsights}>
  referenced_tables ARRAY<${table}>
  reservation_id STRING
  session_info STRUCT<session_id STRING>
  start_time TIMESTAMP
  state STRING
  statement_type STRING
  timeline ARRAY<${timelineEntry}>
  total_bytes_billed INT64
  total_bytes_processed INT64
  total_modified_partitions INT64
  total_services_sku_slot_ms INT64
  total_slot_ms INT64
  transaction_id STRING
  transferred_bytes INT64
  user_email STRING`;

export const timeline = `
  period_start TIMESTAMP
  period_slot_ms INT64
  period_shuffle_ram_usage_ratio FLOAT64
  period_estimated_runnable_units INT64
  project_id STRING
  project_number INT64
  user_email STRING
  job_id STRING
  job_type STRING
  labels ${labels}
  principal_subject STRING
  statement_type STRING
  priority STRING
  parent_job_id STRING
  job_creation_time TIMESTAMP
  job_start_time TIMESTAMP
  job_end_time TIMESTAMP
  state STRING
  reservation_id STRING
  edition STRING
  total_bytes_billed INT64
  total_bytes_processed INT64
  error_result ${errorProto}
  cache_hit BOOL
  transaction_id STRING`;

export const storage = `
  project_id STRING
  project_number INT64
  table_catalog STRING
  table_schema STRING
  table_name STRING
  creation_time TIMESTAMP
  total_rows INT64
  total_partitions INT64
  total_logical_bytes INT64
  active_logical_bytes INT64
  long_term_logical_bytes INT64
  current_physical_bytes INT64
  total_physical_bytes INT64
  active_physical_bytes INT64
  long_term_physical_bytes INT64
  time_travel_physical_bytes INT64
  fail_safe_physical_bytes INT64
  storage_last_modified_time TIMESTAMP
  deleted BOOL
  table_type STRING
  last_metadata_index_refresh_time TIMESTAMP`;

export const reservation = `
  project_id STRING
  project_number INT64
  reservation_name STRING
  ignore_idle_slots BOOL
  slot_capacity INT64
  target_job_concurrency INT64
  autoscale ${autoscale}
  edition STRING`;

export const assignment = `
  project_id STRING
  project_number INT64
  assignment_id STRING
  reservation_name STRING
  job_type STRING
  assignee_id STRING
  assignee_number INT64
  assignee_type STRING`;

export const commitment = `
  project_id STRING
  project_number INT64
  capacity_commitment_id STRING
  commitment_plan STRING
  state STRING
  slot_count INT64
  edition STRING
  is_flat_rate BOOL
  renewal_plan STRING`;

export const change = `
  change_timestamp TIMESTAMP
  action STRING
  user_email STRING`;

// The reference gives STRING for target_resources and associated_insight_ids; its own examples show and UNNEST arrays.
export const recommendations = `
  recommendation_id STRING
  recommender STRING
  subtype STRING
  project_id STRING
  project_number STRING
  description STRING
  last_updated_time TIMESTAMP
  target_resources ARRAY<STRING>
  state STRING
  primary_impact STRUCT<category STRING, cost_projection STRUCT<cost STRUCT<currency_code STRING, units INT64, nanos INT64>, cost_in_local_currency STRUCT<currency_code STRING, units INT64, nanos INT64>, duration STRUCT<seconds INT64, nanos INT64>>, security_projection STRUCT<details JSON>>
  priority STRING
  associated_insight_ids ARRAY<STRING>
  additional_details STRUCT<overview JSON, state_metadata ARRAY<STRUCT<key STRING, value STRING>>, operations ARRAY<STRUCT<action STRING, resource_type STRING, resource STRING, path STRING, value STRING>>>`;

export const tables = `
  table_catalog STRING
  table_schema STRING
  table_name STRING
  table_type STRING
  is_insertable_into STRING
  is_fine_grained_mutations_enabled STRING
  is_typed STRING
  is_change_history_enabled STRING
  creation_time TIMESTAMP
  base_table_catalog STRING
  base_table_schema STRING
  base_table_name STRING
  snapshot_time_ms TIMESTAMP
  ddl STRING
  default_collation_name STRING
  upsert_stream_apply_watermark TIMESTAMP`;

export const columns = `
  table_catalog STRING
  table_schema STRING
  table_name STRING
  column_name STRING
  ordinal_position INT64
  is_nullable STRING
  data_type STRING
  is_generated STRING
  generation_expression STRING
  is_stored STRING
  is_hidden STRING
  is_updatable STRING
  is_system_defined STRING
  is_partitioning_column STRING
  clustering_ordinal_position INT64
  collation_name STRING
  column_default STRING
  rounding_mode STRING`;

export const option = `
  option_name STRING
  option_type STRING
  option_value STRING`;

export const schemata = `
  catalog_name STRING
  schema_name STRING
  schema_owner STRING
  creation_time TIMESTAMP
  last_modified_time TIMESTAMP
  location STRING
  ddl STRING
  default_collation_name STRING`;

export const reservationTimeline = `
  edition STRING
  period_start TIMESTAMP
  project_id STRING
  project_number INT64
  reservation_id STRING
  reservation_name STRING
  ignore_idle_slots BOOL
  slots_assigned INT64
  slots_max_assigned INT64
  autoscale ${autoscale}
  labels ${labels}
  max_slots INT64
  scaling_mode STRING
  period_autoscale_slot_seconds INT64
  is_creation_region BOOL
  per_second_details ARRAY<STRUCT<start_time TIMESTAMP, autoscale_current_slots INT64, autoscale_max_slots INT64, slots_assigned INT64, slots_max_assigned INT64, borrowed_slots INT64, lent_slots INT64>>`;

export const partitions = `
  table_catalog STRING
  table_schema STRING
  table_name STRING
  partition_id STRING
  total_rows INT64
  total_logical_bytes INT64
  total_billable_bytes INT64
  last_modified_time TIMESTAMP
  storage_tier STRING`;
