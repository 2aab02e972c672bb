# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""What each version of systemd knows, as text; `directives.py` reads it.

Written by tools/directives/generate.py from systemd itself: do not edit.
"""

from __future__ import annotations

FINGERPRINT = "79e731753e951810"

# The packages that were asked:
#   systemd 247: 247.3-7+deb11u8
#   systemd 252: 252.39-1~deb12u2
#   systemd 254: 254.26-1~bpo12+1
#   systemd 257: 257.13-1~deb13u1
#   systemd 262: 262-1
VERSIONS = (247, 252, 254, 257, 262)

# name | sections | since, 0 if older than 247 or unknown | last version that knew it, if gone |
# kind of the value, and version:kind where it changed (! = a bad value refuses the unit) | manual page
DIRECTIVES = """\
Accept|Socket|0|-|bool|systemd.socket
AcceptFileDescriptors|Socket|258|-|bool|systemd.socket
AccuracySec|Timer|209|-|sec|systemd.timer
ActivatingConcurrencyMax|Slice|262|-|concurrency_max|systemd.slice
After|Unit|201|-|unit_deps|systemd.unit
Alias|Install|201|-|install|systemd.unit
AllowIsolate|Unit|201|-|bool|systemd.unit
AllowedCPUs|Mount Scope Service Slice Socket Swap|244|-|allowed_cpus 252:allowed_cpuset 262:unit_cpu_set|systemd.resource-control
AllowedMemoryNodes|Mount Scope Service Slice Socket Swap|244|-|allowed_mems 252:allowed_cpuset 262:unit_cpu_set|systemd.resource-control
Also|Install|201|-|install|systemd.unit
AmbientCapabilities|Mount Service Socket Swap|229|-|capability_set|systemd.exec
AppArmorProfile|Mount Service Socket Swap|210|-|exec_apparmor_profile|systemd.exec
AssertACPower|Unit|218|-|unit_condition_string|systemd.unit
AssertArchitecture|Unit|218|-|unit_condition_string|systemd.unit
AssertCPUFeature|Unit|248|-|unit_condition_string|systemd.unit
AssertCPUPressure|Unit|250|-|unit_condition_string|systemd.unit
AssertCPUs|Unit|218|-|unit_condition_string|systemd.unit
AssertCapability|Unit|218|-|unit_condition_string|systemd.unit
AssertControlGroupController|Unit|218|-|unit_condition_string|systemd.unit
AssertCredential|Unit|252|-|unit_condition_string|systemd.unit
AssertDirectoryNotEmpty|Unit|218|-|unit_condition_path|systemd.unit
AssertEnvironment|Unit|218|-|unit_condition_string|systemd.unit
AssertFileIsExecutable|Unit|218|-|unit_condition_path|systemd.unit
AssertFileNotEmpty|Unit|218|-|unit_condition_path|systemd.unit
AssertFirstBoot|Unit|218|-|unit_condition_string|systemd.unit
AssertFraction|Unit|261|-|unit_condition_string|systemd.unit
AssertGroup|Unit|218|-|unit_condition_string|systemd.unit
AssertHost|Unit|218|-|unit_condition_string|systemd.unit
AssertIOPressure|Unit|250|-|unit_condition_string|systemd.unit
AssertKernelCommandLine|Unit|218|-|unit_condition_string|systemd.unit
AssertKernelModuleLoaded|Unit|258|-|unit_condition_string|systemd.unit
AssertKernelVersion|Unit|218|-|unit_condition_string|systemd.unit
AssertMachineTag|Unit|261|-|unit_condition_string|systemd.unit
AssertMemory|Unit|218|-|unit_condition_string|systemd.unit
AssertMemoryPressure|Unit|250|-|unit_condition_string|systemd.unit
AssertNeedsUpdate|Unit|218|-|unit_condition_path|systemd.unit
AssertOSRelease|Unit|249|-|unit_condition_string|systemd.unit
AssertPathExists|Unit|218|-|unit_condition_path|systemd.unit
AssertPathExistsGlob|Unit|218|-|unit_condition_path|systemd.unit
AssertPathIsDirectory|Unit|218|-|unit_condition_path|systemd.unit
AssertPathIsEncrypted|Unit|218|-|unit_condition_path|systemd.unit
AssertPathIsMountPoint|Unit|218|-|unit_condition_path|systemd.unit
AssertPathIsReadWrite|Unit|218|-|unit_condition_path|systemd.unit
AssertPathIsSocket|Unit|260|-|unit_condition_path|systemd.unit
AssertPathIsSymbolicLink|Unit|218|-|unit_condition_path|systemd.unit
AssertSecurity|Unit|218|-|unit_condition_string|systemd.unit
AssertUser|Unit|218|-|unit_condition_string|systemd.unit
AssertVersion|Unit|258|-|unit_condition_string|systemd.unit
AssertVirtualization|Unit|218|-|unit_condition_string|systemd.unit
BPFDelegateAttachments|Mount Service Socket Swap|258|-|bpf_delegate_attachments|systemd.exec
BPFDelegateCommands|Mount Service Socket Swap|258|-|bpf_delegate_commands|systemd.exec
BPFDelegateMaps|Mount Service Socket Swap|258|-|bpf_delegate_maps|systemd.exec
BPFDelegatePrograms|Mount Service Socket Swap|258|-|bpf_delegate_programs|systemd.exec
BPFProgram|Mount Scope Service Slice Socket Swap|249|-|bpf_foreign_program|systemd.resource-control
Backlog|Socket|0|-|unsigned|systemd.socket
Before|Unit|201|-|unit_deps|systemd.unit
BindIPv6Only|Socket|0|-|socket_bind|systemd.socket
BindLogSockets|Mount Service Socket Swap|257|-|tristate|systemd.exec
BindNetworkInterface|Mount Scope Service Slice Socket Swap|260|-|bind_network_interface|systemd.resource-control
BindPaths|Mount Service Socket Swap|233|-|bind_paths|systemd.exec
BindReadOnlyPaths|Mount Service Socket Swap|233|-|bind_paths|systemd.exec
BindTo|Unit|0|-|unit_deps|-
BindToDevice|Socket|0|-|socket_bindtodevice|systemd.socket
BindsTo|Unit|201|-|unit_deps|systemd.unit
BlockIOAccounting|Mount Scope Service Slice Socket Swap|0|-|bool 262:warn_compat|systemd.resource-control
BlockIODeviceWeight|Mount Scope Service Slice Socket Swap|0|-|blockio_device_weight 262:warn_compat|systemd.resource-control
BlockIOReadBandwidth|Mount Scope Service Slice Socket Swap|0|-|blockio_bandwidth 262:warn_compat|systemd.resource-control
BlockIOWeight|Mount Scope Service Slice Socket Swap|0|-|blockio_weight 262:warn_compat|systemd.resource-control
BlockIOWriteBandwidth|Mount Scope Service Slice Socket Swap|0|-|blockio_bandwidth 262:warn_compat|systemd.resource-control
Broadcast|Socket|0|-|bool|systemd.socket
BusName|Service|0|-|bus_name|systemd.service
BusPolicy|Service|0|-|warn_compat|-
CPUAccounting|Mount Scope Service Slice Socket Swap|208|-|bool 262:warn_compat|systemd.resource-control
CPUAffinity|Mount Service Socket Swap|0|-|exec_cpu_affinity|systemd.exec
CPUPressureThresholdSec|Mount Scope Service Slice Socket Swap|261|-|sec|systemd.resource-control
CPUPressureWatch|Mount Scope Service Slice Socket Swap|261|-|pressure_watch|systemd.resource-control
CPUQuota|Mount Scope Service Slice Socket Swap|213|-|cpu_quota|systemd.resource-control
CPUQuotaPeriodSec|Mount Scope Service Slice Socket Swap|242|-|sec_def_infinity|systemd.resource-control
CPUSchedulingPolicy|Mount Service Socket Swap|0|-|exec_cpu_sched_policy|systemd.exec
CPUSchedulingPriority|Mount Service Socket Swap|0|-|exec_cpu_sched_prio|systemd.exec
CPUSchedulingResetOnFork|Mount Service Socket Swap|0|-|bool|systemd.exec
CPUSetPartition|Mount Scope Service Slice Socket Swap|261|-|cpuset_partition|systemd.resource-control
CPUShares|Mount Scope Service Slice Socket Swap|0|-|cpu_shares 262:warn_compat|systemd.resource-control
CPUWeight|Mount Scope Service Slice Socket Swap|232|-|cg_weight 252:cg_cpu_weight|systemd.resource-control
CacheDirectory|Mount Service Socket Swap|211|-|exec_directories|systemd.exec
CacheDirectoryAccounting|Mount Service Socket Swap|258|-|bool|systemd.exec
CacheDirectoryMode|Mount Service Socket Swap|234|-|mode|systemd.exec
CacheDirectoryQuota|Mount Service Socket Swap|258|-|exec_quota|systemd.exec
Capabilities|Mount Service Socket Swap|0|-|warn_compat|-
CapabilityBoundingSet|Mount Service Socket Swap|0|-|capability_set|systemd.exec
CollectMode|Unit|236|-|collect_mode|systemd.unit
ConcurrencyHardMax|Slice|258|-|concurrency_max|systemd.slice
ConcurrencySoftMax|Slice|258|-|concurrency_max|systemd.slice
ConditionACPower|Unit|244|-|unit_condition_string|systemd.unit
ConditionArchitecture|Unit|201|-|unit_condition_string|systemd.unit
ConditionCPUFeature|Unit|248|-|unit_condition_string|systemd.unit
ConditionCPUPressure|Unit|250|-|unit_condition_string|systemd.unit
ConditionCPUs|Unit|244|-|unit_condition_string|systemd.unit
ConditionCapability|Unit|244|-|unit_condition_string|systemd.unit
ConditionControlGroupController|Unit|244|-|unit_condition_string|systemd.unit
ConditionCredential|Unit|252|-|unit_condition_string|systemd.unit
ConditionDirectoryNotEmpty|Unit|244|-|unit_condition_path|systemd.unit
ConditionEnvironment|Unit|246|-|unit_condition_string|systemd.unit
ConditionFileIsExecutable|Unit|244|-|unit_condition_path|systemd.unit
ConditionFileNotEmpty|Unit|244|-|unit_condition_path|systemd.unit
ConditionFirmware|Unit|249|-|unit_condition_string|systemd.unit
ConditionFirstBoot|Unit|244|-|unit_condition_string|systemd.unit
ConditionFraction|Unit|261|-|unit_condition_string|systemd.unit
ConditionGroup|Unit|244|-|unit_condition_string|systemd.unit
ConditionHost|Unit|244|-|unit_condition_string|systemd.unit
ConditionIOPressure|Unit|250|-|unit_condition_string|systemd.unit
ConditionKernelCommandLine|Unit|244|-|unit_condition_string|systemd.unit
ConditionKernelModuleLoaded|Unit|258|-|unit_condition_string|systemd.unit
ConditionKernelVersion|Unit|244|-|unit_condition_string|systemd.unit
ConditionMachineTag|Unit|261|-|unit_condition_string|systemd.unit
ConditionMemory|Unit|244|-|unit_condition_string|systemd.unit
ConditionMemoryPressure|Unit|250|-|unit_condition_string|systemd.unit
ConditionNeedsUpdate|Unit|244|-|unit_condition_path|systemd.unit
ConditionOSRelease|Unit|249|-|unit_condition_string|systemd.unit
ConditionPathExists|Unit|244|-|unit_condition_path|systemd.unit
ConditionPathExistsGlob|Unit|244|-|unit_condition_path|systemd.unit
ConditionPathIsDirectory|Unit|244|-|unit_condition_path|systemd.unit
ConditionPathIsEncrypted|Unit|246|-|unit_condition_path|systemd.unit
ConditionPathIsMountPoint|Unit|244|-|unit_condition_path|systemd.unit
ConditionPathIsReadWrite|Unit|244|-|unit_condition_path|systemd.unit
ConditionPathIsSocket|Unit|260|-|unit_condition_path|systemd.unit
ConditionPathIsSymbolicLink|Unit|244|-|unit_condition_path|systemd.unit
ConditionSecurity|Unit|244|-|unit_condition_string|systemd.unit
ConditionUser|Unit|244|-|unit_condition_string|systemd.unit
ConditionVersion|Unit|258|-|unit_condition_string|systemd.unit
ConditionVirtualization|Unit|244|-|unit_condition_string|systemd.unit
ConfigurationDirectory|Mount Service Socket Swap|211|-|exec_directories|systemd.exec
ConfigurationDirectoryMode|Mount Service Socket Swap|234|-|mode|systemd.exec
Conflicts|Unit|201|-|unit_deps|systemd.unit
CoredumpFilter|Mount Service Socket Swap|246|-|exec_coredump_filter|systemd.exec
CoredumpReceive|Mount Scope Service Slice Socket Swap|255|-|bool|systemd.resource-control
DefaultDependencies|Unit|201|-|bool|systemd.unit
DefaultInstance|Install|215|-|install|systemd.unit
DefaultMemoryLow|Mount Scope Service Slice Socket Swap|0|-|memory_limit 262:warn_compat|-
DefaultMemoryMin|Mount Scope Service Slice Socket Swap|0|-|memory_limit 262:warn_compat|-
DefaultStartupMemoryLow|Mount Scope Service Slice Socket Swap|254|-|memory_limit 262:warn_compat|systemd.resource-control
DeferAcceptSec|Socket|216|-|sec|systemd.socket
DeferReactivation|Timer|257|-|bool|systemd.timer
DeferTrigger|Socket|258|-|socket_defer_trigger|systemd.socket
DeferTriggerMaxSec|Socket|258|-|sec_fix_0|systemd.socket
Delegate|Mount Scope Service Slice Socket Swap|218|-|delegate|systemd.resource-control
DelegateNamespaces|Mount Service Socket Swap|258|-|namespace_flags|systemd.exec
DelegateSubgroup|Mount Scope Service Slice Socket Swap|254|-|string 257:delegate_subgroup|systemd.resource-control
Description|Unit|201|-|unit_string_printf|systemd.unit
DeviceAllow|Mount Scope Service Slice Socket Swap|208|-|device_allow|systemd.resource-control
DevicePolicy|Mount Scope Service Slice Socket Swap|208|-|device_policy|systemd.resource-control
DirectoryMode|Automount|0|-|mode|systemd.automount
DirectoryMode|Mount|0|-|mode|systemd.mount
DirectoryMode|Path|0|-|mode|systemd.path
DirectoryMode|Socket|0|-|mode|systemd.socket
DirectoryNotEmpty|Path|0|-|path_spec|systemd.path
DisableControllers|Mount Scope Service Slice Socket Swap|240|-|disable_controllers|systemd.resource-control
Documentation|Unit|201|-|documentation|systemd.unit
DynamicUser|Mount Service Socket Swap|232|-|bool!|systemd.exec
Environment|Mount Service Socket Swap|0|-|environ|systemd.exec
EnvironmentFile|Mount Service Socket Swap|0|-|unit_env_file|systemd.exec
ExecCondition|Service|243|-|exec|systemd.service
ExecPaths|Mount Service Socket Swap|248|-|namespace_path_strv|systemd.exec
ExecReload|Service|0|-|exec|systemd.service
ExecReloadPost|Service|259|-|exec|systemd.service
ExecSearchPath|Mount Service Socket Swap|250|-|colon_separated_paths|systemd.exec
ExecStart|Service|0|-|exec|systemd.service
ExecStartPost|Service|0|-|exec|systemd.service
ExecStartPost|Socket|0|-|exec|systemd.socket
ExecStartPre|Service|0|-|exec|systemd.service
ExecStartPre|Socket|0|-|exec|systemd.socket
ExecStop|Service|0|-|exec|systemd.service
ExecStopPost|Service|0|-|exec|systemd.service
ExecStopPost|Socket|0|-|exec|systemd.socket
ExecStopPre|Socket|0|-|exec|systemd.socket
ExitType|Service|250|-|service_exit_type|systemd.service
ExtensionDirectories|Mount Service Socket Swap|251|-|namespace_path_strv|systemd.exec
ExtensionImagePolicy|Mount Service Socket Swap|254|-|image_policy|systemd.exec
ExtensionImages|Mount Service Socket Swap|248|-|extension_images|systemd.exec
ExtraOptions|Automount|250|-|unit_string_printf|systemd.automount
FailureAction|Service|0|-|emergency_action|-
FailureAction|Unit|236|-|emergency_action|systemd.unit
FailureActionExitStatus|Unit|240|-|exit_status|systemd.unit
FileDescriptorName|Socket|227|-|fdname|systemd.socket
FileDescriptorStoreMax|Service|219|-|unsigned|systemd.service
FileDescriptorStorePreserve|Service|254|-|exec_preserve_mode|systemd.service
FinalKillSignal|Mount Scope Service Socket Swap|240|-|signal|systemd.kill
FixedRandomDelay|Timer|247|-|bool|systemd.timer
FlushPending|Socket|247|-|bool|systemd.socket
ForceUnmount|Mount|232|-|bool|systemd.mount
FreeBind|Socket|0|-|bool|systemd.socket
Group|Mount Service Socket Swap|0|-|user_group_compat|systemd.exec
GuessMainPID|Service|0|-|bool|systemd.service
IOAccounting|Mount Scope Service Slice Socket Swap|230|-|bool|systemd.resource-control
IODeviceLatencyTargetSec|Mount Scope Service Slice Socket Swap|240|-|io_device_latency|systemd.resource-control
IODeviceWeight|Mount Scope Service Slice Socket Swap|230|-|io_device_weight|systemd.resource-control
IOPressureThresholdSec|Mount Scope Service Slice Socket Swap|261|-|sec|systemd.resource-control
IOPressureWatch|Mount Scope Service Slice Socket Swap|261|-|pressure_watch|systemd.resource-control
IOReadBandwidthMax|Mount Scope Service Slice Socket Swap|230|-|io_limit|systemd.resource-control
IOReadIOPSMax|Mount Scope Service Slice Socket Swap|230|-|io_limit|systemd.resource-control
IOSchedulingClass|Mount Service Socket Swap|0|-|exec_io_class|systemd.exec
IOSchedulingPriority|Mount Service Socket Swap|0|-|exec_io_priority|systemd.exec
IOWeight|Mount Scope Service Slice Socket Swap|230|-|cg_weight|systemd.resource-control
IOWriteBandwidthMax|Mount Scope Service Slice Socket Swap|230|-|io_limit|systemd.resource-control
IOWriteIOPSMax|Mount Scope Service Slice Socket Swap|230|-|io_limit|systemd.resource-control
IPAccounting|Mount Scope Service Slice Socket Swap|235|-|bool|systemd.resource-control
IPAddressAllow|Mount Scope Service Slice Socket Swap|235|-|ip_address_access 252:in_addr_prefixes|systemd.resource-control
IPAddressDeny|Mount Scope Service Slice Socket Swap|235|-|ip_address_access 252:in_addr_prefixes|systemd.resource-control
IPCNamespacePath|Mount Service Socket Swap|248|-|unit_path_printf|systemd.exec
IPEgressFilterPath|Mount Scope Service Slice Socket Swap|243|-|ip_filter_bpf_progs|systemd.resource-control
IPIngressFilterPath|Mount Scope Service Slice Socket Swap|243|-|ip_filter_bpf_progs|systemd.resource-control
IPTOS|Socket|0|-|ip_tos|systemd.socket
IPTTL|Socket|0|-|int|systemd.socket
IgnoreOnIsolate|Unit|201|-|bool|systemd.unit
IgnoreOnSnapshot|Unit|0|-|warn_compat|-
IgnoreSIGPIPE|Mount Service Socket Swap|0|-|bool|systemd.exec
ImportCredential|Mount Service Socket Swap|254|-|import_credential|systemd.exec
InaccessibleDirectories|Mount Service Socket Swap|0|-|namespace_path_strv|-
InaccessiblePaths|Mount Service Socket Swap|231|-|namespace_path_strv|systemd.exec
JobRunningTimeoutSec|Unit|201|-|job_running_timeout_sec|systemd.unit
JobTimeoutAction|Unit|240|-|emergency_action|systemd.unit
JobTimeoutRebootArgument|Unit|240|-|unit_string_printf 252:reboot_parameter|systemd.unit
JobTimeoutSec|Unit|201|-|job_timeout_sec|systemd.unit
JoinsNamespaceOf|Unit|209|-|unit_deps|systemd.unit
KeepAlive|Socket|0|-|bool|systemd.socket
KeepAliveIntervalSec|Socket|216|-|sec|systemd.socket
KeepAliveProbes|Socket|216|-|unsigned|systemd.socket
KeepAliveTimeSec|Socket|216|-|sec|systemd.socket
KeyringMode|Mount Service Socket Swap|235|-|exec_keyring_mode|systemd.exec
KillMode|Mount Scope Service Socket Swap|187|-|kill_mode|systemd.kill
KillSignal|Mount Scope Service Socket Swap|187|-|signal|systemd.kill
LUOSession|Service|262|-|luo_sessions|systemd.service
LazyUnmount|Mount|232|-|bool|systemd.mount
LimitAS|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitCORE|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitCPU|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitDATA|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitFSIZE|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitLOCKS|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitMEMLOCK|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitMSGQUEUE|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitNICE|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitNOFILE|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitNPROC|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitRSS|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitRTPRIO|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitRTTIME|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitSIGPENDING|Mount Service Socket Swap|0|-|rlimit|systemd.exec
LimitSTACK|Mount Service Socket Swap|0|-|rlimit|systemd.exec
ListenDatagram|Socket|0|-|socket_listen|systemd.socket
ListenFIFO|Socket|0|-|socket_listen|systemd.socket
ListenMessageQueue|Socket|0|-|socket_listen|systemd.socket
ListenNetlink|Socket|0|-|socket_listen|systemd.socket
ListenSequentialPacket|Socket|0|-|socket_listen|systemd.socket
ListenSpecial|Socket|0|-|socket_listen|systemd.socket
ListenStream|Socket|0|-|socket_listen|systemd.socket
ListenUSBFunction|Socket|227|-|socket_listen|systemd.socket
LoadCredential|Mount Service Socket Swap|247|-|load_credential|systemd.exec
LoadCredentialEncrypted|Mount Service Socket Swap|250|-|load_credential|systemd.exec
LockPersonality|Mount Service Socket Swap|235|-|bool|systemd.exec
LogExtraFields|Mount Service Socket Swap|236|-|log_extra_fields|systemd.exec
LogFilterPatterns|Mount Service Socket Swap|253|-|log_filter_patterns|systemd.exec
LogLevelMax|Mount Service Socket Swap|236|-|log_level|systemd.exec
LogNamespace|Mount Service Socket Swap|245|-|log_namespace|systemd.exec
LogRateLimitBurst|Mount Service Socket Swap|240|-|unsigned|systemd.exec
LogRateLimitIntervalSec|Mount Service Socket Swap|240|-|sec|systemd.exec
LogsDirectory|Mount Service Socket Swap|211|-|exec_directories|systemd.exec
LogsDirectoryAccounting|Mount Service Socket Swap|258|-|bool|systemd.exec
LogsDirectoryMode|Mount Service Socket Swap|234|-|mode|systemd.exec
LogsDirectoryQuota|Mount Service Socket Swap|258|-|exec_quota|systemd.exec
MakeDirectory|Path|0|-|bool|systemd.path
ManagedOOMMemoryPressure|Mount Scope Service Slice Socket Swap|247|-|managed_oom_mode|systemd.resource-control
ManagedOOMMemoryPressureDurationSec|Mount Scope Service Slice Socket Swap|257|-|managed_oom_mem_pressure_duration_sec|systemd.resource-control
ManagedOOMMemoryPressureLimit|Mount Scope Service Slice Socket Swap|248|-|managed_oom_mem_pressure_limit|systemd.resource-control
ManagedOOMMemoryPressureLimitPercent|Mount Scope Service Slice Socket Swap|0|247|managed_oom_mem_pressure_limit|systemd.resource-control
ManagedOOMPreference|Mount Scope Service Slice Socket Swap|248|-|managed_oom_preference|systemd.resource-control
ManagedOOMSwap|Mount Scope Service Slice Socket Swap|247|-|managed_oom_mode|systemd.resource-control
Mark|Socket|0|-|int|systemd.socket
MaxConnections|Socket|0|-|unsigned|systemd.socket
MaxConnectionsPerSource|Socket|232|-|unsigned|systemd.socket
MemoryAccounting|Mount Scope Service Slice Socket Swap|208|-|bool|systemd.resource-control
MemoryDenyWriteExecute|Mount Service Socket Swap|231|-|bool|systemd.exec
MemoryHigh|Mount Scope Service Slice Socket Swap|231|-|memory_limit|systemd.resource-control
MemoryKSM|Mount Service Socket Swap|254|-|tristate|systemd.exec
MemoryLimit|Mount Scope Service Slice Socket Swap|0|-|memory_limit 262:warn_compat|systemd.resource-control
MemoryLow|Mount Scope Service Slice Socket Swap|240|-|memory_limit|systemd.resource-control
MemoryMax|Mount Scope Service Slice Socket Swap|231|-|memory_limit|systemd.resource-control
MemoryMin|Mount Scope Service Slice Socket Swap|240|-|memory_limit|systemd.resource-control
MemoryPressureThresholdSec|Mount Scope Service Slice Socket Swap|254|-|sec|systemd.resource-control
MemoryPressureWatch|Mount Scope Service Slice Socket Swap|254|-|memory_pressure_watch 262:pressure_watch|systemd.resource-control
MemorySwapMax|Mount Scope Service Slice Socket Swap|232|-|memory_limit|systemd.resource-control
MemoryTHP|Mount Service Socket Swap|260|-|exec_memory_thp|systemd.exec
MemoryZSwapMax|Mount Scope Service Slice Socket Swap|253|-|memory_limit|systemd.resource-control
MemoryZSwapWriteback|Mount Scope Service Slice Socket Swap|256|-|bool|systemd.resource-control
MessageQueueMaxMessages|Socket|0|-|long|systemd.socket
MessageQueueMessageSize|Socket|0|-|long 262:iec_size_long|systemd.socket
MountAPIVFS|Mount Service Socket Swap|233|-|bool 252:exec_mount_apivfs 257:tristate|systemd.exec
MountFlags|Mount Service Socket Swap|0|-|exec_mount_flags 254:exec_mount_propagation_flag|systemd.exec
MountImagePolicy|Mount Service Socket Swap|254|-|image_policy|systemd.exec
MountImages|Mount Service Socket Swap|247|-|mount_images|systemd.exec
NFTSet|Mount Scope Service Slice Socket Swap|255|-|cgroup_nft_set|systemd.resource-control
NUMAMask|Mount Service Socket Swap|243|-|numa_mask|systemd.exec
NUMAPolicy|Mount Service Socket Swap|243|-|numa_policy|systemd.exec
NetClass|Mount Scope Service Slice Socket Swap|0|-|warn_compat|-
NetworkNamespacePath|Mount Service Socket Swap|242|-|unit_path_printf|systemd.exec
Nice|Mount Service Socket Swap|0|-|exec_nice|systemd.exec
NoDelay|Socket|216|-|bool|systemd.socket
NoExecPaths|Mount Service Socket Swap|248|-|namespace_path_strv|systemd.exec
NoNewPrivileges|Mount Service Socket Swap|187|-|bool|systemd.exec
NonBlocking|Service|0|-|bool|systemd.service
NotifyAccess|Service|0|-|notify_access|systemd.service
OOMPolicy|Scope|251|-|oom_policy|systemd.scope
OOMPolicy|Service|243|-|oom_policy|systemd.service
OOMRules|Mount Scope Service Slice Socket Swap|261|-|managed_oom_rules|systemd.resource-control
OOMScoreAdjust|Mount Service Socket Swap|0|-|exec_oom_score_adjust|systemd.exec
OnActiveSec|Timer|0|-|timer|systemd.timer
OnBootSec|Timer|0|-|timer|systemd.timer
OnCalendar|Timer|197|-|timer|systemd.timer
OnClockChange|Timer|242|-|bool|systemd.timer
OnFailure|Unit|201|-|unit_deps|systemd.unit
OnFailureIsolate|Unit|0|-|job_mode_isolate|-
OnFailureJobMode|Unit|209|-|job_mode|systemd.unit
OnStartupSec|Timer|0|-|timer|systemd.timer
OnSuccess|Unit|249|-|unit_deps|systemd.unit
OnSuccessJobMode|Unit|248|-|job_mode|systemd.unit
OnTimezoneChange|Timer|242|-|bool|systemd.timer
OnUnitActiveSec|Timer|0|-|timer|systemd.timer
OnUnitInactiveSec|Timer|0|-|timer|systemd.timer
OpenFile|Service|253|-|open_file|systemd.service
Options|Mount|0|-|unit_string_printf|systemd.mount
Options|Swap|217|-|unit_string_printf|systemd.swap
PAMName|Mount Service Socket Swap|0|-|unit_string_printf|systemd.exec
PIDFile|Service|0|-|pid_file|systemd.service
PartOf|Unit|201|-|unit_deps|systemd.unit
PassCredentials|Socket|0|-|bool|systemd.socket
PassEnvironment|Mount Service Socket Swap|228|-|pass_environ|systemd.exec
PassFileDescriptorsToExec|Socket|256|-|bool|systemd.socket
PassPIDFD|Socket|258|-|bool|systemd.socket
PassPacketInfo|Socket|246|-|bool|systemd.socket
PassSecurity|Socket|0|-|bool|systemd.socket
PathChanged|Path|0|-|path_spec|systemd.path
PathExists|Path|0|-|path_spec|systemd.path
PathExistsGlob|Path|0|-|path_spec|systemd.path
PathModified|Path|0|-|path_spec|systemd.path
PermissionsStartOnly|Service|0|-|bool|-
Persistent|Timer|212|-|bool|systemd.timer
Personality|Mount Service Socket Swap|209|-|personality|systemd.exec
PipeSize|Socket|0|-|iec_size|systemd.socket
PollLimitBurst|Socket|255|-|unsigned|systemd.socket
PollLimitIntervalSec|Socket|255|-|sec|systemd.socket
Priority|Socket|0|-|int|systemd.socket
Priority|Swap|0|-|swap_priority|systemd.swap
PrivateBPF|Mount Service Socket Swap|258|-|private_bpf|systemd.exec
PrivateDevices|Mount Service Socket Swap|209|-|bool|systemd.exec
PrivateIPC|Mount Service Socket Swap|248|-|bool|systemd.exec
PrivateMounts|Mount Service Socket Swap|239|-|bool 254:tristate|systemd.exec
PrivateNetwork|Mount Service Socket Swap|0|-|bool|systemd.exec
PrivatePIDs|Mount Service Socket Swap|257|-|private_pids|systemd.exec
PrivateTmp|Mount Service Socket Swap|0|-|bool 257:private_tmp|systemd.exec
PrivateUsers|Mount Service Socket Swap|232|-|bool 257:private_users|systemd.exec
ProcSubset|Mount Service Socket Swap|247|-|proc_subset|systemd.exec
PropagateReloadFrom|Unit|0|-|unit_deps|-
PropagateReloadTo|Unit|0|-|unit_deps|-
PropagatesReloadTo|Unit|201|-|unit_deps|systemd.unit
PropagatesStopTo|Unit|249|-|unit_deps|systemd.unit
ProtectClock|Mount Service Socket Swap|245|-|bool|systemd.exec
ProtectControlGroups|Mount Service Socket Swap|232|-|bool 257:protect_control_groups|systemd.exec
ProtectHome|Mount Service Socket Swap|214|-|protect_home|systemd.exec
ProtectHostname|Mount Service Socket Swap|242|-|bool 262:protect_hostname|systemd.exec
ProtectKernelLogs|Mount Service Socket Swap|244|-|bool|systemd.exec
ProtectKernelModules|Mount Service Socket Swap|232|-|bool|systemd.exec
ProtectKernelTunables|Mount Service Socket Swap|232|-|bool|systemd.exec
ProtectProc|Mount Service Socket Swap|247|-|protect_proc|systemd.exec
ProtectSystem|Mount Service Socket Swap|214|-|protect_system|systemd.exec
RandomizedDelaySec|Timer|229|-|sec|systemd.timer
RandomizedOffsetSec|Timer|258|-|sec|systemd.timer
ReadOnlyDirectories|Mount Service Socket Swap|0|-|namespace_path_strv|-
ReadOnlyPaths|Mount Service Socket Swap|231|-|namespace_path_strv|systemd.exec
ReadWriteDirectories|Mount Service Socket Swap|0|-|namespace_path_strv|-
ReadWriteOnly|Mount|246|-|bool|systemd.mount
ReadWritePaths|Mount Service Socket Swap|231|-|namespace_path_strv|systemd.exec
RebootArgument|Service|0|-|unit_string_printf|-
RebootArgument|Unit|229|-|unit_string_printf 252:reboot_parameter|systemd.unit
ReceiveBuffer|Socket|0|-|iec_size|systemd.socket
RefreshOnReload|Service|260|-|service_refresh_on_reload|systemd.service
RefuseManualStart|Unit|201|-|bool|systemd.unit
RefuseManualStop|Unit|201|-|bool|systemd.unit
ReloadPropagatedFrom|Unit|201|-|unit_deps|systemd.unit
ReloadSignal|Service|253|-|signal|systemd.service
RemainAfterElapse|Timer|229|-|bool|systemd.timer
RemainAfterExit|Service|0|-|bool|systemd.service
RemoveIPC|Mount Service Socket Swap|232|-|bool|systemd.exec
RemoveOnStop|Socket|214|-|bool|systemd.socket
RequiredBy|Install|201|-|install|systemd.unit
Requires|Unit|201|-|unit_deps|systemd.unit
RequiresMountsFor|Unit|201|-|unit_requires_mounts_for 257:unit_mounts_for|systemd.unit
RequiresOverridable|Unit|0|-|obsolete_unit_deps|-
Requisite|Unit|201|-|unit_deps|systemd.unit
RequisiteOverridable|Unit|0|-|obsolete_unit_deps|-
Restart|Service|0|-|service_restart|systemd.service
RestartForceExitStatus|Service|215|-|set_status|systemd.service
RestartKillSignal|Mount Scope Service Socket Swap|244|-|signal|systemd.kill
RestartMaxDelaySec|Service|254|-|sec|systemd.service
RestartMode|Service|254|-|service_restart_mode|systemd.service
RestartPreventExitStatus|Service|189|-|set_status|systemd.service
RestartRandomizedDelaySec|Service|262|-|sec|systemd.service
RestartSec|Service|0|-|sec|systemd.service
RestartSteps|Service|254|-|unsigned|systemd.service
RestrictAddressFamilies|Mount Service Socket Swap|211|-|address_families|systemd.exec
RestrictFileSystems|Mount Service Socket Swap|250|-|restrict_filesystems|systemd.exec
RestrictNamespaces|Mount Service Socket Swap|233|-|restrict_namespaces 262:namespace_flags|systemd.exec
RestrictNetworkInterfaces|Mount Scope Service Slice Socket Swap|250|-|restrict_network_interfaces|systemd.resource-control
RestrictRealtime|Mount Service Socket Swap|231|-|bool|systemd.exec
RestrictSUIDSGID|Mount Service Socket Swap|242|-|bool|systemd.exec
ReusePort|Socket|206|-|bool|systemd.socket
RootDirectory|Mount Service Socket Swap|0|-|unit_path_printf!|systemd.exec
RootDirectoryStartOnly|Service|0|-|bool|systemd.service
RootEphemeral|Mount Service Socket Swap|254|-|bool|systemd.exec
RootHash|Mount Service Socket Swap|246|-|exec_root_hash|systemd.exec
RootHashSignature|Mount Service Socket Swap|246|-|exec_root_hash_sig|systemd.exec
RootImage|Mount Service Socket Swap|233|-|unit_path_printf!|systemd.exec
RootImageOptions|Mount Service Socket Swap|247|-|root_image_options|systemd.exec
RootImagePolicy|Mount Service Socket Swap|254|-|image_policy|systemd.exec
RootMStack|Mount Service Socket Swap|260|-|unit_path_printf!|systemd.exec
RootVerity|Mount Service Socket Swap|246|-|unit_path_printf!|systemd.exec
RuntimeDirectory|Mount Service Socket Swap|211|-|exec_directories|systemd.exec
RuntimeDirectoryMode|Mount Service Socket Swap|234|-|mode|systemd.exec
RuntimeDirectoryPreserve|Mount Service Socket Swap|235|-|runtime_preserve_mode 254:exec_preserve_mode|systemd.exec
RuntimeMaxSec|Scope|244|-|sec|systemd.scope
RuntimeMaxSec|Service|229|-|sec|systemd.service
RuntimeRandomizedExtraSec|Scope|250|-|sec|systemd.scope
RuntimeRandomizedExtraSec|Service|250|-|sec|systemd.service
SELinuxContext|Mount Service Socket Swap|209|-|exec_selinux_context|systemd.exec
SELinuxContextFromNet|Socket|217|-|bool|systemd.socket
SecureBits|Mount Service Socket Swap|0|-|exec_secure_bits|systemd.exec
SendBuffer|Socket|0|-|iec_size|systemd.socket
SendSIGHUP|Mount Scope Service Socket Swap|207|-|bool|systemd.kill
SendSIGKILL|Mount Scope Service Socket Swap|187|-|bool|systemd.kill
Service|Socket|0|-|socket_service|systemd.socket
SetCredential|Mount Service Socket Swap|247|-|set_credential|systemd.exec
SetCredentialEncrypted|Mount Service Socket Swap|250|-|set_credential|systemd.exec
SetLoginEnvironment|Mount Service Socket Swap|255|-|tristate|systemd.exec
Slice|Mount Scope Service Slice Socket Swap|208|-|unit_slice|systemd.resource-control
SloppyOptions|Mount|215|-|bool|systemd.mount
SmackLabel|Socket|196|-|unit_string_printf|systemd.socket
SmackLabelIPIn|Socket|196|-|unit_string_printf|systemd.socket
SmackLabelIPOut|Socket|196|-|unit_string_printf|systemd.socket
SmackProcessLabel|Mount Service Socket Swap|218|-|exec_smack_process_label|systemd.exec
SocketBindAllow|Mount Scope Service Slice Socket Swap|249|-|cgroup_socket_bind|systemd.resource-control
SocketBindDeny|Mount Scope Service Slice Socket Swap|249|-|cgroup_socket_bind|systemd.resource-control
SocketGroup|Socket|214|-|user_group_compat|systemd.socket
SocketMode|Socket|0|-|mode|systemd.socket
SocketProtocol|Socket|229|-|socket_protocol|systemd.socket
SocketUser|Socket|214|-|user_group_compat|systemd.socket
Sockets|Service|0|-|service_sockets|systemd.service
SourcePath|Unit|201|-|unit_path_printf|systemd.unit
StandardError|Mount Service Socket Swap|0|-|exec_output|systemd.exec
StandardInput|Mount Service Socket Swap|0|-|exec_input|systemd.exec
StandardInputData|Mount Service Socket Swap|236|-|exec_input_data|systemd.exec
StandardInputText|Mount Service Socket Swap|236|-|exec_input_text|systemd.exec
StandardOutput|Mount Service Socket Swap|0|-|exec_output|systemd.exec
StartLimitAction|Service|0|-|emergency_action|-
StartLimitAction|Unit|229|-|emergency_action|systemd.unit
StartLimitBurst|Service|0|-|unsigned|-
StartLimitBurst|Unit|229|-|unsigned|systemd.unit
StartLimitInterval|Service Unit|0|-|sec|-
StartLimitIntervalSec|Unit|229|-|sec|systemd.unit
StartupAllowedCPUs|Mount Scope Service Slice Socket Swap|250|-|allowed_cpuset 262:unit_cpu_set|systemd.resource-control
StartupAllowedMemoryNodes|Mount Scope Service Slice Socket Swap|250|-|allowed_cpuset 262:unit_cpu_set|systemd.resource-control
StartupBlockIOWeight|Mount Scope Service Slice Socket Swap|0|-|blockio_weight 262:warn_compat|systemd.resource-control
StartupCPUShares|Mount Scope Service Slice Socket Swap|0|-|cpu_shares 262:warn_compat|systemd.resource-control
StartupCPUWeight|Mount Scope Service Slice Socket Swap|232|-|cg_weight 252:cg_cpu_weight|systemd.resource-control
StartupIOWeight|Mount Scope Service Slice Socket Swap|230|-|cg_weight|systemd.resource-control
StartupMemoryHigh|Mount Scope Service Slice Socket Swap|254|-|memory_limit|systemd.resource-control
StartupMemoryLow|Mount Scope Service Slice Socket Swap|254|-|memory_limit|systemd.resource-control
StartupMemoryMax|Mount Scope Service Slice Socket Swap|254|-|memory_limit|systemd.resource-control
StartupMemorySwapMax|Mount Scope Service Slice Socket Swap|254|-|memory_limit|systemd.resource-control
StartupMemoryZSwapMax|Mount Scope Service Slice Socket Swap|253|-|memory_limit|systemd.resource-control
StateDirectory|Mount Service Socket Swap|211|-|exec_directories|systemd.exec
StateDirectoryAccounting|Mount Service Socket Swap|258|-|bool|systemd.exec
StateDirectoryMode|Mount Service Socket Swap|234|-|mode|systemd.exec
StateDirectoryQuota|Mount Service Socket Swap|258|-|exec_quota|systemd.exec
StopPropagatedFrom|Unit|249|-|unit_deps|systemd.unit
StopWhenUnneeded|Unit|201|-|bool|systemd.unit
SuccessAction|Unit|236|-|emergency_action|systemd.unit
SuccessActionExitStatus|Unit|240|-|exit_status|systemd.unit
SuccessExitStatus|Service|189|-|set_status|systemd.service
SupplementaryGroups|Mount Service Socket Swap|0|-|user_group_strv_compat|systemd.exec
SurviveFinalKillSignal|Unit|255|-|bool|systemd.unit
Symlinks|Socket|214|-|unit_path_strv_printf|systemd.socket
SysVStartPriority|Service|0|-|warn_compat|-
SyslogFacility|Mount Service Socket Swap|0|-|log_facility|systemd.exec
SyslogIdentifier|Mount Service Socket Swap|0|-|unit_string_printf|systemd.exec
SyslogLevel|Mount Service Socket Swap|0|-|log_level|systemd.exec
SyslogLevelPrefix|Mount Service Socket Swap|0|-|bool|systemd.exec
SystemCallArchitectures|Mount Service Socket Swap|209|-|syscall_archs|systemd.exec
SystemCallErrorNumber|Mount Service Socket Swap|209|-|syscall_errno|systemd.exec
SystemCallFilter|Mount Service Socket Swap|187|-|syscall_filter|systemd.exec
SystemCallLog|Mount Service Socket Swap|247|-|syscall_log|systemd.exec
TCPCongestion|Socket|0|-|string|systemd.socket
TTYColumns|Mount Service Socket Swap|250|-|tty_size|systemd.exec
TTYPath|Mount Service Socket Swap|0|-|unit_path_printf|systemd.exec
TTYReset|Mount Service Socket Swap|0|-|bool|systemd.exec
TTYRows|Mount Service Socket Swap|250|-|tty_size|systemd.exec
TTYVHangup|Mount Service Socket Swap|0|-|bool|systemd.exec
TTYVTDisallocate|Mount Service Socket Swap|0|-|bool|systemd.exec
TasksAccounting|Mount Scope Service Slice Socket Swap|227|-|bool|systemd.resource-control
TasksMax|Mount Scope Service Slice Socket Swap|227|-|tasks_max|systemd.resource-control
TemporaryFileSystem|Mount Service Socket Swap|238|-|temporary_filesystems|systemd.exec
TimeoutAbortSec|Service|243|-|service_timeout_abort|systemd.service
TimeoutCleanSec|Mount Service Socket Swap|244|-|sec|systemd.exec
TimeoutIdleSec|Automount|220|-|sec_fix_0|systemd.automount
TimeoutSec|Mount|0|-|sec_fix_0|systemd.mount
TimeoutSec|Service|0|-|service_timeout|systemd.service
TimeoutSec|Socket|0|-|sec_fix_0|systemd.socket
TimeoutSec|Swap|0|-|sec_fix_0|systemd.swap
TimeoutStartFailureMode|Service|246|-|service_timeout_failure_mode|systemd.service
TimeoutStartSec|Service|188|-|service_timeout|systemd.service
TimeoutStopFailureMode|Service|246|-|service_timeout_failure_mode|systemd.service
TimeoutStopSec|Scope|0|-|sec|-
TimeoutStopSec|Service|188|-|sec_fix_0|systemd.service
TimerSlackNSec|Mount Service Socket Swap|0|-|nsec|systemd.exec
Timestamping|Socket|247|-|socket_timestamping|systemd.socket
Transparent|Socket|0|-|bool|systemd.socket
TriggerLimitBurst|Path|250|-|unsigned|systemd.path
TriggerLimitBurst|Socket|230|-|unsigned|systemd.socket
TriggerLimitIntervalSec|Path|250|-|sec|systemd.path
TriggerLimitIntervalSec|Socket|230|-|sec|systemd.socket
Type|Mount|0|-|unit_string_printf|systemd.mount
Type|Service|0|-|service_type|systemd.service
UMask|Mount Service Socket Swap|0|-|mode|systemd.exec
USBFunctionDescriptors|Service|227|-|unit_path_printf|systemd.service
USBFunctionStrings|Service|227|-|unit_path_printf|systemd.service
Unit|Path|0|-|trigger_unit|systemd.path
Unit|Timer|0|-|trigger_unit|systemd.timer
UnsetEnvironment|Mount Service Socket Swap|235|-|unset_environ|systemd.exec
UpheldBy|Install|254|-|install|systemd.unit
Upholds|Unit|249|-|unit_deps|systemd.unit
User|Mount Service Socket Swap|0|-|user_group_compat|systemd.exec
UserNamespacePath|Mount Service Socket Swap|259|-|unit_path_printf|systemd.exec
UtmpIdentifier|Mount Service Socket Swap|0|-|unit_string_printf|systemd.exec
UtmpMode|Mount Service Socket Swap|225|-|exec_utmp_mode|systemd.exec
WakeSystem|Timer|212|-|bool|systemd.timer
WantedBy|Install|201|-|install|systemd.unit
Wants|Unit|201|-|unit_deps|systemd.unit
WantsMountsFor|Unit|256|-|unit_mounts_for|systemd.unit
WatchdogSec|Service|0|-|sec|systemd.service
WatchdogSignal|Mount Scope Service Socket Swap|240|-|signal|systemd.kill
What|Mount|0|-|unit_string_printf 257:mount_node|systemd.mount
What|Swap|0|-|unit_path_printf 257:mount_node|systemd.swap
Where|Automount|0|-|unit_path_printf|systemd.automount
Where|Mount|0|-|unit_path_printf|systemd.mount
WorkingDirectory|Mount Service Socket Swap|0|-|working_directory|systemd.exec
Writable|Socket|227|-|bool|systemd.socket
XAttrAccept|Socket|262|-|xattr|systemd.socket
XAttrEntryPoint|Socket|262|-|xattr|systemd.socket
XAttrListen|Socket|262|-|xattr|systemd.socket
"""

# set of words | from this version on | the words; +bool = booleans, too
WORDS = """\
architecture|247|alpha arc arc-be arm arm-be arm64 arm64-be cris ia64 m68k mips mips-le mips64 mips64-le nios2 parisc parisc64 ppc ppc-le ppc64 \
ppc64-le riscv32 riscv64 s390 s390x sh sh64 sparc sparc64 tilegx x86 x86-64
architecture|252|alpha arc arc-be arm arm-be arm64 arm64-be cris ia64 loongarch64 m68k mips mips-le mips64 mips64-le nios2 parisc parisc64 ppc ppc-le \
ppc64 ppc64-le riscv32 riscv64 s390 s390x sh sh64 sparc sparc64 tilegx x86 x86-64
bpf_cgroup_attach_type|252|bind4 bind6 connect4 connect6 device egress getsockopt ingress post_bind4 post_bind6 recvmsg4 recvmsg6 sendmsg4 sendmsg6 \
setsockopt sock_create sock_ops sysctl
cgroup_controller|247|blkio bpf-devices bpf-firewall cpu cpuacct cpuset devices io memory pids
cgroup_controller|252|blkio bpf-devices bpf-firewall bpf-foreign bpf-restrict-network-interfaces bpf-socket-bind cpu cpuacct cpuset devices io memory \
pids
cgroup_controller|262|blkio bpf-bind-network-interface bpf-devices bpf-firewall bpf-foreign bpf-restrict-network-interfaces bpf-socket-bind cpu \
cpuacct cpuset devices io memory pids
collect_mode|247|inactive inactive-or-failed
cpuset_partition|262|isolated member root
device_policy|247|auto closed strict
emergency_action|247|exit exit-force none poweroff poweroff-force poweroff-immediate reboot reboot-force reboot-immediate
emergency_action|254|exit exit-force halt halt-force halt-immediate kexec kexec-force none poweroff poweroff-force poweroff-immediate reboot \
reboot-force reboot-immediate soft-reboot soft-reboot-force
exec_input|247|data fd file null socket tty tty-fail tty-force
exec_keyring_mode|247|inherit private shared
exec_memory_thp|262|disable inherit madvise system
exec_output|247|append fd file inherit journal journal+console kmsg kmsg+console null socket tty
exec_output|252|append fd file inherit journal journal+console kmsg kmsg+console null socket truncate tty
exec_preserve_mode|247|+bool no restart yes
exec_preserve_mode|262|+bool no on-success restart yes
exec_utmp_mode|247|init login user
exit_status_name|247|ADDRESS_FAMILIES APPARMOR CACHE_DIRECTORY CANTCREAT CAPABILITIES CGROUP CHDIR CHOWN CHROOT CONFIG CONFIGURATION_DIRECTORY \
CONFIRM CPUAFFINITY CREDENTIALS DATAERR EXCEPTION EXEC FAILURE FDS GROUP INVALIDARGUMENT IOERR IOPRIO KEYRING LIMITS LOGS_DIRECTORY MEMORY NAMESPACE \
NETWORK NICE NOHOST NOINPUT NOPERM NOPERMISSION NOTCONFIGURED NOTIMPLEMENTED NOTINSTALLED NOTRUNNING NOUSER NO_NEW_PRIVILEGES NUMA_POLICY OOM_ADJUST \
OSERR OSFILE PAM PERSONALITY PROTOCOL RUNTIME_DIRECTORY SECCOMP SECUREBITS SELINUX_CONTEXT SETSCHEDULER SETSID SIGNAL_MASK SMACK_PROCESS_LABEL \
SOFTWARE STATE_DIRECTORY STDERR STDIN STDOUT SUCCESS TEMPFAIL TIMERSLACK UNAVAILABLE USAGE USER
exit_status_name|252|ADDRESS_FAMILIES APPARMOR BPF CACHE_DIRECTORY CANTCREAT CAPABILITIES CGROUP CHDIR CHOWN CHROOT CONFIG CONFIGURATION_DIRECTORY \
CONFIRM CPUAFFINITY CREDENTIALS DATAERR EXCEPTION EXEC FAILURE FDS GROUP INVALIDARGUMENT IOERR IOPRIO KEYRING LIMITS LOGS_DIRECTORY MEMORY NAMESPACE \
NETWORK NICE NOHOST NOINPUT NOPERM NOPERMISSION NOTCONFIGURED NOTIMPLEMENTED NOTINSTALLED NOTRUNNING NOUSER NO_NEW_PRIVILEGES NUMA_POLICY OOM_ADJUST \
OSERR OSFILE PAM PERSONALITY PROTOCOL RUNTIME_DIRECTORY SECCOMP SECUREBITS SELINUX_CONTEXT SETSCHEDULER SETSID SIGNAL_MASK SMACK_PROCESS_LABEL \
SOFTWARE STATE_DIRECTORY STDERR STDIN STDOUT SUCCESS TEMPFAIL TIMERSLACK UNAVAILABLE USAGE USER
exit_status_name|254|ADDRESS_FAMILIES APPARMOR BPF CACHE_DIRECTORY CANTCREAT CAPABILITIES CGROUP CHDIR CHOWN CHROOT CONFIG CONFIGURATION_DIRECTORY \
CONFIRM CPUAFFINITY CREDENTIALS DATAERR EXCEPTION EXEC FAILURE FDS GROUP INVALIDARGUMENT IOERR IOPRIO KEYRING KSM LIMITS LOGS_DIRECTORY MEMORY \
NAMESPACE NETWORK NICE NOHOST NOINPUT NOPERM NOPERMISSION NOTCONFIGURED NOTIMPLEMENTED NOTINSTALLED NOTRUNNING NOUSER NO_NEW_PRIVILEGES NUMA_POLICY \
OOM_ADJUST OSERR OSFILE PAM PERSONALITY PROTOCOL RUNTIME_DIRECTORY SECCOMP SECUREBITS SELINUX_CONTEXT SETSCHEDULER SETSID SIGNAL_MASK \
SMACK_PROCESS_LABEL SOFTWARE STATE_DIRECTORY STDERR STDIN STDOUT SUCCESS TEMPFAIL TIMERSLACK UNAVAILABLE USAGE USER
exit_status_name|262|ADDRESS_FAMILIES APPARMOR BPF CACHE_DIRECTORY CANTCREAT CAPABILITIES CGROUP CHDIR CHOWN CHROOT CONFIG CONFIGURATION_DIRECTORY \
CONFIRM CPUAFFINITY CREDENTIALS DATAERR EXCEPTION EXEC FAILURE FDS GROUP INVALIDARGUMENT IOERR IOPRIO KEYRING KSM LIMITS LOGS_DIRECTORY MEMORY \
MEMORY_THP NAMESPACE NETWORK NICE NOHOST NOINPUT NOPERM NOPERMISSION NOTCONFIGURED NOTIMPLEMENTED NOTINSTALLED NOTRUNNING NOUSER NO_NEW_PRIVILEGES \
NUMA_POLICY OOM_ADJUST OSERR OSFILE PAM PERSONALITY PROTOCOL RUNTIME_DIRECTORY SECCOMP SECUREBITS SELINUX_CONTEXT SETSCHEDULER SETSID SIGNAL_MASK \
SMACK_PROCESS_LABEL SOFTWARE STATE_DIRECTORY STDERR STDIN STDOUT SUCCESS TEMPFAIL TIMERSLACK UNAVAILABLE USAGE USER
ioprio_class|247|best-effort idle none realtime
ip_tos|247|low-cost low-delay reliability throughput
job_mode|247|fail flush ignore-dependencies ignore-requirements isolate replace replace-irreversibly triggering
job_mode|254|fail flush ignore-dependencies ignore-requirements isolate replace replace-irreversibly restart-dependencies triggering
job_mode|262|fail flush ignore-dependencies ignore-requirements isolate lenient replace replace-irreversibly restart-dependencies triggering
kill_mode|247|control-group mixed none process
log_facility_unshifted|247|auth authpriv cron daemon ftp kern local0 local1 local2 local3 local4 local5 local6 local7 lpr mail news syslog user uucp
log_level|247|alert crit debug emerg err info notice warning
managed_oom_mode|247|auto kill
managed_oom_preference|252|avoid none omit
memory_pressure_watch|254|+bool auto off on skip
memory_pressure_watch|257|+bool auto no skip yes
netlink_family|247|audit connector dnrtmsg ecryptfs fib-lookup firewall generic inet-diag ip6-fw iscsi kobject-uevent netfilter nflog rdma route \
scsitransport selinux xfrm
nft_set_source|257|address cgroup group ifindex prefix user
notify_access|247|all exec main none
numa_policy|247|bind default interleave local preferred
numa_policy|262|bind default interleave local preferred preferred-many weighted-interleave
oom_policy|247|continue kill stop
partition_designator|247|esp home root root-secondary root-secondary-verity root-verity srv swap tmp usr usr-secondary usr-secondary-verity \
usr-verity var xbootldr
partition_designator|252|esp home root root-other root-other-verity root-other-verity-sig root-secondary root-secondary-verity \
root-secondary-verity-sig root-verity root-verity-sig srv swap tmp usr usr-other usr-other-verity usr-other-verity-sig usr-secondary \
usr-secondary-verity usr-secondary-verity-sig usr-verity usr-verity-sig var xbootldr
partition_designator|254|esp home root root-verity root-verity-sig srv swap tmp usr usr-verity usr-verity-sig var xbootldr
pressure_watch|254|+bool auto off on skip
pressure_watch|257|+bool auto no skip yes
private_bpf|262|+bool no yes
private_pids|257|+bool no yes
private_tmp|257|+bool connected disconnected no
private_users|257|+bool identity no self
private_users|262|+bool full identity managed no self
proc_subset|247|all pid
protect_control_groups|257|+bool no private strict yes
protect_home|247|+bool no read-only tmpfs yes
protect_hostname|262|+bool no private yes
protect_proc|247|default invisible noaccess ptraceable
protect_system|247|+bool full no strict yes
runtime_preserve_mode|247|+bool no restart yes
runtime_preserve_mode|262|+bool no on-success restart yes
sched_policy|247|batch fifo idle other rr
sched_policy|262|batch ext fifo idle other rr
seccomp_arch|247|arm arm64 mips mips-le mips64 mips64-le mips64-le-n32 mips64-n32 native ppc ppc64 ppc64-le riscv64 s390 s390x x32 x86 x86-64
seccomp_arch|252|arm arm64 mips mips-le mips64 mips64-le mips64-le-n32 mips64-n32 native parisc parisc64 ppc ppc64 ppc64-le riscv64 s390 s390x x32 \
x86 x86-64
seccomp_arch|257|arm arm64 loongarch64 mips mips-le mips64 mips64-le mips64-le-n32 mips64-n32 native parisc parisc64 ppc ppc64 ppc64-le riscv64 s390 \
s390x x32 x86 x86-64
service_exit_type|252|cgroup main
service_restart|247|always no on-abnormal on-abort on-failure on-success on-watchdog
service_restart_mode|254|direct normal
service_restart_mode|257|debug direct normal
service_timeout_failure_mode|247|abort kill terminate
service_type|247|dbus exec forking idle notify oneshot simple
service_type|254|dbus exec forking idle notify notify-reload oneshot simple
signal_name|247|ABRT ALRM BUS CHLD CONT FPE HUP ILL INT IO KILL PIPE PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM \
WINCH XCPU XFSZ
socket_address_bind_ipv6_only|247|both default ipv6-only
socket_bind|247|both default ipv6-only
socket_defer_trigger|262|+bool no patient yes
socket_timestamping|247|ns off us
virtualization|247|acrn bhyve bochs container-other docker kvm lxc lxc-libvirt microsoft none openvz oracle parallels podman pouch powervm proot qemu \
qnx rkt systemd-nspawn uml vm-other vmware wsl xen zvm
virtualization|252|acrn amazon apple bhyve bochs container-other docker google kvm lxc lxc-libvirt microsoft none openvz oracle parallels podman \
pouch powervm proot qemu qnx rkt sre systemd-nspawn uml vm-other vmware wsl xen zvm
"""

# from this version on | after % in a value | after % in a unit's name
SPECIFIERS = """\
247|BCEGHIJLNPRSTUVWabcfghijlmnoprstuvw|BGHNUWabgijlmnopuvw
252|ABCEGHIJLMNPRSTUVWYabcdfghijlmnopqrstuvwy|ABGHMNUWabgijlmnopquvw
257|ABCDEGHIJLMNPRSTUVWYabcdfghijlmnopqrstuvwy|ABGHMNUWabgijlmnopquvw
"""

# name@version
ADDRESS_FAMILIES = """\
AF_ALG AF_APPLETALK AF_ASH AF_ATMPVC AF_ATMSVC AF_AX25 AF_BLUETOOTH AF_BRIDGE AF_CAIF AF_CAN AF_ECONET AF_FILE AF_IB AF_IEEE802154 AF_INET AF_INET6 \
AF_IPX AF_IRDA AF_ISDN AF_IUCV AF_KCM AF_KEY AF_LLC AF_LOCAL AF_MCTP@252 AF_MPLS AF_NETBEUI AF_NETLINK AF_NETROM AF_NFC AF_PACKET AF_PHONET AF_PPPOX \
AF_QIPCRTR AF_RDS AF_ROSE AF_ROUTE AF_RXRPC AF_SECURITY AF_SMC AF_SNA AF_TIPC AF_UNIX AF_UNSPEC AF_VSOCK AF_WANPIPE AF_X25 AF_XDP
"""

# name
CAPABILITIES = """\
cap_audit_control cap_audit_read cap_audit_write cap_block_suspend cap_bpf cap_checkpoint_restore cap_chown cap_dac_override cap_dac_read_search \
cap_fowner cap_fsetid cap_ipc_lock cap_ipc_owner cap_kill cap_lease cap_linux_immutable cap_mac_admin cap_mac_override cap_mknod cap_net_admin \
cap_net_bind_service cap_net_broadcast cap_net_raw cap_perfmon cap_setfcap cap_setgid cap_setpcap cap_setuid cap_sys_admin cap_sys_boot \
cap_sys_chroot cap_sys_module cap_sys_nice cap_sys_pacct cap_sys_ptrace cap_sys_rawio cap_sys_resource cap_sys_time cap_sys_tty_config cap_syslog \
cap_wake_alarm
"""

# name@version
SYSCALL_GROUPS = """\
@aio
@basic-io
@chown @clock @cpu-emulation
@debug @default
@file-system
@io-event @ipc
@keyring @known
@memlock @module @mount
@network-io
@obsolete
@pkey @privileged @process
@raw-io @reboot @resources
@sandbox@257 @setuid @signal @swap @sync @system-service
@timer
"""

# name@version
FILE_SYSTEM_GROUPS = """\
@anonymous@257 @application@257 @auxiliary-api@257
@basic-api@257
@common-block@257
@historical-block@257
@known@257
@network@257
@privileged-api@257
@security@257
@temporary@257
"""

# name@version
SYSCALLS = """\
_llseek _newselect _sysctl
accept accept4 access acct add_key adjtimex afs_syscall alarm arch_prctl arm_fadvise64_64 arm_sync_file_range atomic_barrier@257 \
atomic_cmpxchg_32@257
bdflush bind bpf break breakpoint@257 brk
cachectl cacheflush cachestat@257 capget capset chdir chmod chown chown32 chroot clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 \
clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 clock_settime clock_settime64 clone clone3 close close_range connect \
copy_file_range creat create_module
delete_module dup dup2 dup3
epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2@252 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit \
exit_group
faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_init fanotify_mark fchdir fchmod fchmodat fchmodat2@252 fchown fchown32 fchownat fcntl \
fcntl64 fdatasync fgetxattr file_getattr@262 file_setattr@262 finit_module flistxattr flock fork fremovexattr fsconfig fsetxattr fsmount fsopen \
fspick fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftime ftruncate ftruncate64 futex futex_requeue@252 futex_time64 futex_wait@252 \
futex_waitv@252 futex_wake@252 futimesat
get_kernel_syms get_mempolicy get_robust_list get_thread_area get_tls@257 getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 \
getgid getgid32 getgroups getgroups32 getitimer getpagesize@257 getpeername getpgid getpgrp getpid getpmsg getppid getpriority getrandom getresgid \
getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat@257 gtty
idle init_module inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 \
io_setup io_submit io_uring_enter io_uring_register io_uring_setup ioctl ioperm iopl ioprio_get ioprio_set ipc
kcmp kexec_file_load kexec_load keyctl kill
landlock_add_rule@252 landlock_create_ruleset@252 landlock_restrict_self@252 lchown lchown32 lgetxattr link linkat listen listmount@257 listns@262 \
listxattr listxattrat@257 llistxattr lock lookup_dcookie lremovexattr lseek lsetxattr lsm_get_self_attr@257 lsm_list_modules@257 \
lsm_set_self_attr@257 lstat lstat64
madvise map_shadow_stack@252 mbind membarrier memfd_create memfd_secret@252 migrate_pages mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall \
mmap mmap2 modify_ldt mount mount_setattr@252 move_mount move_pages mprotect mpx mq_getsetattr mq_notify mq_open mq_timedreceive \
mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal@257 msgctl msgget msgrcv msgsnd msync multiplexer munlock munlockall \
munmap
name_to_handle_at nanosleep newfstatat nfsservctl nice
oldfstat oldlstat oldolduname oldstat olduname open open_by_handle_at open_tree open_tree_attr@262 openat openat2
pause pciconfig_iobase pciconfig_read pciconfig_write perf_event_open personality pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 pivot_root \
pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_madvise process_mrelease@252 \
process_vm_readv process_vm_writev prof profil pselect6 pselect6_time64 ptrace putpmsg pwrite64 pwritev pwritev2
query_module quotactl quotactl_fd@252
read readahead readdir readlink readlinkat readv reboot recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat@257 \
rename renameat renameat2 request_key restart_syscall riscv_flush_icache riscv_hwprobe@257 rmdir rseq rseq_slice_yield@262 rt_sigaction rt_sigpending \
rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo rtas
s390_guarded_storage s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr s390_sthyi sched_get_priority_max sched_get_priority_min \
sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr \
sched_setparam sched_setscheduler sched_yield seccomp security select semctl semget semop semtimedop semtimedop_time64 send sendfile sendfile64 \
sendmmsg sendmsg sendto set_mempolicy set_mempolicy_home_node@252 set_robust_list set_thread_area set_tid_address set_tls setdomainname setfsgid \
setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 sethostname setitimer setns setpgid setpriority setregid setregid32 setresgid \
setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt settimeofday setuid setuid32 setxattr setxattrat@257 sgetmask shmat \
shmctl shmdt shmget shutdown sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend socket socketcall socketpair \
splice spu_create spu_run ssetmask stat stat64 statfs statfs64 statmount@257 statx stime stty subpage_prot swapcontext swapoff swapon switch_endian \
symlink symlinkat sync sync_file_range sync_file_range2 syncfs sys_debug_setcontext syscall sysfs sysinfo syslog sysmips
tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd timerfd_create \
timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 tuxcall
ugetrlimit ulimit umask umount umount2 uname unlink unlinkat unshare uprobe@262 uretprobe@257 uselib userfaultfd usr26@257 usr32@257 ustat utime \
utimensat utimensat_time64 utimes
vfork vhangup vm86 vm86old vmsplice vserver
wait4 waitid waitpid write writev
"""

# name
ERRNOS = """\
E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EADV EAFNOSUPPORT EAGAIN EALREADY EBADE EBADF EBADFD EBADMSG EBADR EBADRQC EBADSLT EBFONT EBUSY ECANCELED \
ECHILD ECHRNG ECOMM ECONNABORTED ECONNREFUSED ECONNRESET EDEADLOCK EDESTADDRREQ EDOM EDOTDOT EDQUOT EEXIST EFAULT EFBIG EFTYPE@262 EHOSTDOWN \
EHOSTUNREACH EHWPOISON@262 EIDRM EILSEQ EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR EISNAM EKEYEXPIRED EKEYREJECTED EKEYREVOKED EL2HLT EL2NSYNC \
EL3HLT EL3RST ELIBACC ELIBBAD ELIBEXEC ELIBMAX ELIBSCN ELNRNG ELOOP EMEDIUMTYPE EMFILE EMLINK EMSGSIZE EMULTIHOP ENAMETOOLONG ENAVAIL ENETDOWN \
ENETRESET ENETUNREACH ENFILE ENOANO ENOBUFS ENOCSI ENODATA ENODEV ENOENT ENOEXEC ENOKEY ENOLCK ENOLINK ENOMEDIUM ENOMEM ENOMSG ENONET ENOPKG \
ENOPROTOOPT ENOSPC ENOSR ENOSTR ENOSYS ENOTBLK ENOTCONN ENOTDIR ENOTEMPTY ENOTNAM ENOTRECOVERABLE ENOTSOCK ENOTSUP ENOTTY ENOTUNIQ ENXIO EOVERFLOW \
EOWNERDEAD EPERM EPFNOSUPPORT EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE ERANGE EREMCHG EREMOTE EREMOTEIO ERESTART ERFKILL EROFS ESHUTDOWN \
ESOCKTNOSUPPORT ESPIPE ESRCH ESRMNT ESTALE ESTRPIPE ETIME ETIMEDOUT ETOOMANYREFS ETXTBSY EUCLEAN EUNATCH EUSERS EXDEV EXFULL
"""
