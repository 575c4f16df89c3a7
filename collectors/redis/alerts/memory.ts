import type { AlertRule } from '../../../src/sdk.ts';
import { node, series } from './series.ts';

const manual = 'https://redis.io/docs/latest/develop/reference/eviction/';
const info = 'redis-cli -u redis://{{ $labels.node }} INFO memory';
const policy = (name: string) => series('memoryPolicy', '1x60', `${node},policy="${name}"`);

const atLimit = {
  name: 'ReeveRedisMemoryAtLimit',
  for: '5m',
  summary:
    '{{ $labels.node }} ({{ $labels.target }}) has used {{ $value | humanizePercentage }} of maxmemory and may not evict',
  description:
    'With the policy noeviction every write that needs memory is refused at 100 % ("OOM command not allowed").',
  command: info,
  runbook: {
    meaning:
      'Memory is nearly as large as maxmemory, and the policy forbids to make room. Users see errors at writes; reads go on.',
    steps: [
      'See it: `redis-cli INFO memory | grep -E "used_memory_human|maxmemory_human|maxmemory_policy|mem_clients_normal"`',
      'What is large? `redis-cli --memkeys --memkeys-samples 0`, or the biggest keys in the details of this target. Delete with `redis-cli UNLINK <key>`.',
      'What grows? Keys without a time to live: `redis-cli INFO keyspace` (keys against expires).',
      'Clients that take much: `redis-cli CLIENT LIST | sed -E "s/^id=([0-9]+) .*tot-mem=([0-9]+).*/\\2 \\1/" | sort -rn | head`; end one with `redis-cli CLIENT KILL ID <id>`.',
      'Gain time, if the machine has memory: `redis-cli CONFIG SET maxmemory <bytes>`',
      'A cache should evict: `redis-cli CONFIG SET maxmemory-policy allkeys-lfu`, then `redis-cli CONFIG REWRITE`',
    ],
    afterwards:
      'It ends when memory falls below the limit. Plan: times to live for all that may expire, or a larger server.',
    links: [
      manual,
      'https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/memory-optimization/',
    ],
  },
} as const;

export const memoryAlerts: readonly AlertRule[] = [
  {
    ...atLimit,
    severity: 'ticket',
    expr: '$memoryUtilizationRatio > 0.85 and on (job, instance, target, node) $memoryPolicy{policy="noeviction"} == 1',
    tests: {
      fires: { series: [series('memoryUtilizationRatio', '0.9x20'), policy('noeviction')], after: '10m' },
      quiet: { series: [series('memoryUtilizationRatio', '0.9x20'), policy('allkeys-lru')], after: '10m' },
    },
  },
  {
    ...atLimit,
    severity: 'page',
    expr: '$memoryUtilizationRatio > 0.95 and on (job, instance, target, node) $memoryPolicy{policy="noeviction"} == 1',
    tests: {
      fires: { series: [series('memoryUtilizationRatio', '0.99x20'), policy('noeviction')], after: '10m' },
      quiet: { series: [series('memoryUtilizationRatio', '0.94x20'), policy('noeviction')], after: '10m' },
    },
  },
  {
    name: 'ReeveRedisOutOfMemory',
    severity: 'page',
    expr: 'increase($errorsTotal{error="OOM"}[5m]) > 0',
    for: '2m',
    summary:
      '{{ $labels.node }} ({{ $labels.target }}) refused {{ $value | humanize }} commands within five minutes for lack of memory',
    description: 'Writes fail now: the limit is reached and nothing can be evicted.',
    command: info,
    runbook: {
      ...atLimit.runbook,
      meaning:
        'Clients get "OOM command not allowed when used memory > maxmemory". Nothing may be evicted, or (with a volatile policy) no key with a time to live is left.',
    },
    tests: {
      fires: { series: [series('errorsTotal', '0x5 10+10x10', `${node},error="OOM"`)], after: '10m' },
      quiet: { series: [series('errorsTotal', '50x20', `${node},error="OOM"`)], after: '15m' },
    },
  },
  {
    name: 'ReeveRedisEvictions',
    severity: 'ticket',
    expr: 'rate($evictedKeysTotal[15m]) > 100',
    for: '15m',
    summary: '{{ $labels.node }} ({{ $labels.target }}) evicts {{ $value | humanize }} keys a second',
    description:
      'The data no longer fit. Some eviction is how a cache works; this much usually costs hits, and the databases behind it get the load.',
    command: 'redis-cli -u redis://{{ $labels.node }} INFO stats',
    runbook: {
      meaning: 'The memory limit is reached and keys that are still alive are thrown out.',
      steps: [
        'Compare with the hit ratio (objective cache_hit_ratio). If it holds, this is only information.',
        'See the policy: `redis-cli CONFIG GET maxmemory-policy`; allkeys-lfu often keeps the better keys.',
        'What takes the room? `redis-cli --memkeys`, and times to live that are longer than the data are useful.',
        'Give it more: `redis-cli CONFIG SET maxmemory <bytes>`, if the machine has it.',
      ],
      afterwards: 'It ends when fewer are evicted.',
      links: [manual],
    },
    tests: {
      fires: { series: [series('evictedKeysTotal', '0+12000x60')], after: '40m' },
      quiet: { series: [series('evictedKeysTotal', '0+600x60')], after: '40m' },
    },
  },
  {
    name: 'ReeveRedisNoMemoryLimit',
    severity: 'info',
    expr: '$memoryUsedBytes > 100 * 2^20 unless on (job, instance, target, node) $memoryLimitBytes',
    for: '1h',
    summary:
      '{{ $labels.node }} ({{ $labels.target }}) has no memory limit and uses {{ $value | humanize1024 }}B',
    description: 'It grows until the kernel ends it.',
    command: 'redis-cli -u redis://{{ $labels.node }} CONFIG GET maxmemory',
    runbook: {
      meaning: 'maxmemory is 0. At the end of the memory of the machine or container the server is killed.',
      steps: [
        'Set a limit with room for buffers and forks, such as three quarters of the memory: `redis-cli CONFIG SET maxmemory 6gb`',
        'Say what happens there: `redis-cli CONFIG SET maxmemory-policy allkeys-lfu` for a cache, noeviction for data.',
        'Keep it: `redis-cli CONFIG REWRITE`',
      ],
      afterwards: 'It ends when there is a limit.',
      links: [manual],
    },
    tests: {
      fires: { series: [series('memoryUsedBytes', '2e9x90')], after: '70m' },
      quiet: {
        series: [series('memoryUsedBytes', '2e9x90'), series('memoryLimitBytes', '4e9x90')],
        after: '70m',
      },
    },
  },
  {
    name: 'ReeveRedisFragmentation',
    severity: 'ticket',
    expr: '$memoryFragmentationRatio > 1.5 and on (job, instance, target, node) $memoryFragmentationBytes > 500 * 2^20',
    for: '1h',
    summary:
      '{{ $labels.node }} ({{ $labels.target }}) takes {{ $value | humanize }} times the memory that its data need',
    description:
      'Memory is wasted that the machine may lack. maxmemory does not count it, so the kernel may end the server below its limit.',
    command: 'redis-cli -u redis://{{ $labels.node }} MEMORY DOCTOR',
    runbook: {
      meaning: 'Many keys were deleted or changed in size, and the allocator cannot give the holes back.',
      steps: [
        'Ask the server: `redis-cli MEMORY DOCTOR`',
        'Defragment while it runs: `redis-cli CONFIG SET activedefrag yes` (with jemalloc), and watch `redis-cli INFO memory | grep mem_fragmentation`.',
        'Or give free pages back: `redis-cli MEMORY PURGE`',
        'Otherwise restart it in a quiet hour, replicas first.',
      ],
      afterwards: 'It ends when the ratio is below 1.5.',
      links: [
        'https://redis.io/docs/latest/commands/memory-doctor/',
        'https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/memory-optimization/',
      ],
    },
    tests: {
      fires: {
        series: [series('memoryFragmentationRatio', '1.8x90'), series('memoryFragmentationBytes', '2e9x90')],
        after: '70m',
      },
      quiet: {
        series: [series('memoryFragmentationRatio', '4x90'), series('memoryFragmentationBytes', '2e7x90')],
        after: '70m',
      },
    },
  },
  {
    name: 'ReeveRedisSwapping',
    severity: 'ticket',
    expr: '$memoryFragmentationRatio < 0.9 and on (job, instance, target, node) $memoryUsedBytes > 100 * 2^20',
    for: '15m',
    summary:
      'Part of the memory of {{ $labels.node }} ({{ $labels.target }}) is swapped out (resident: {{ $value | humanizePercentage }})',
    description: 'Commands that touch it wait for the disk, and all others wait behind them.',
    command: info,
    runbook: {
      meaning: 'The operating system holds less of the server in memory than it has allocated.',
      steps: [
        'See it: `grep VmSwap /proc/$(pidof redis-server)/status` and `free -h`',
        'Who else takes the memory? `ps aux --sort -rss | head`',
        'Lower maxmemory, or move something away; then give the pages back in a quiet hour: `swapoff -a && swapon -a`, or restart, replicas first.',
      ],
      afterwards: 'It ends when the data are in memory again. `sysctl -w vm.swappiness=1` makes it rarer.',
      links: ['https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency/'],
    },
    tests: {
      fires: {
        series: [series('memoryFragmentationRatio', '0.7x30'), series('memoryUsedBytes', '4e9x30')],
        after: '20m',
      },
      quiet: {
        series: [series('memoryFragmentationRatio', '0.7x30'), series('memoryUsedBytes', '1e6x30')],
        after: '20m',
      },
    },
  },
];
