//! The table of all diagnostic codes: name, severity, summary, page.
//!
//! A code without a page under `docs/errors/` does not compile; a page without a code, or a code without a fixture,
//! fails a test.

use super::Severity;

macro_rules! codes {
    ($($variant:ident, $name:literal, $severity:ident, $summary:literal;)*) => {
        /// Which mistake a diagnostic is about. Names are stable over releases.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code {
            $(#[doc = $summary] $variant,)*
        }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The name in reports and settings, `unknown-field` say.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// The level unless the settings say otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }

            /// What it is, in a few words.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$variant => $summary,)* }
            }

            /// Its page, as Markdown.
            pub fn page(self) -> &'static str {
                match self {
                    $(Code::$variant => include_str!(concat!("../../docs/errors/", $name, ".md")),)*
                }
            }
        }
    };
}

impl Code {
    /// The code of that name.
    pub fn named(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// Whether it is silent until the settings give it a level.
    pub fn waits(self) -> bool {
        matches!(self, Code::NoResourceRequests | Code::NoMemoryLimit | Code::UnknownObject)
    }

    /// Whether the settings may make a warning of it though it is an error by itself: it may be true by the inventory of
    /// another day. `nowhere` is not among them, for it depends on the lock.
    pub fn lowers_to_warning(self) -> bool {
        matches!(
            self,
            Code::InvalidImage
                | Code::OverrideSelectsNothing
                | Code::OverrideWithoutEffect
                | Code::UnknownCluster
                | Code::UnknownPlace
        )
    }

    /// Whether it tells of a loss: each is shown, however many there are.
    pub fn is_loss(self) -> bool {
        matches!(self, Code::DocumentsGone | Code::UpdateRefused | Code::DeletionCascades | Code::LeftOutput)
    }

    /// Whether it is about what most tasks lack: as a note it is said once of the whole repository.
    pub fn is_common(self) -> bool {
        self == Code::ImplicitTimeout
    }
}

codes! {
    InvalidUtf8, "invalid-utf8", Error, "a file is not UTF-8 text";
    YamlSyntax, "yaml-syntax", Error, "a file is not YAML, or not the YAML that Kubernetes reads";
    YamlLimits, "yaml-limits", Error, "a file is nested too deeply, expands too far or is too large";
    DuplicateKey, "duplicate-key", Error, "a map has the same key twice";
    NullKey, "null-key", Error, "a map key is null, a list or a map";
    ControlCharacter, "control-character", Error, "a text holds a character that a manifest cannot carry";
    AmbiguousScalar, "ambiguous-scalar", Warning, "YAML readers disagree about an unquoted scalar";
    DocumentsGone, "documents-gone", Warning, "a file that gave documents in the base revision gives none now";
    SkippedFile, "skipped-file", Note, "files or documents were passed over";
    UnknownKind, "unknown-kind", Error, "a document of our apiVersion, or nearly so, has a kind or version that does not exist";
    UnknownField, "unknown-field", Error, "a field that does not exist";
    WrongType, "wrong-type", Error, "a value of the wrong type";
    MissingField, "missing-field", Error, "a required field is not given";
    InvalidValue, "invalid-value", Error, "a value that is not among the allowed ones";
    InvalidQuantity, "invalid-quantity", Error, "a resource quantity that Kubernetes does not read";
    InvalidName, "invalid-name", Error, "a name that Kubernetes would refuse";
    NameTooLong, "name-too-long", Error, "a name longer than Kubernetes takes";
    DescriptionTooLong, "description-too-long", Error, "a description of more than 512 characters";
    DuplicateName, "duplicate-name", Error, "two documents of one kind have the same name";
    CapacityTwice, "capacity-twice", Error, "a capacity is given in the cluster and in a document of its own";
    NoClusters, "no-clusters", Error, "the repository has no cluster";
    EmptyPlacement, "empty-placement", Error, "a placement does not say where";
    UnknownCluster, "unknown-cluster", Error, "a cluster that is not in the inventory";
    UnknownPlace, "unknown-place", Error, "a provider, region, zone or label that no cluster has";
    Nowhere, "nowhere", Error, "a task lands on no cluster";
    KarmadaRefused, "karmada-refused", Error, "a document that Karmada's admission refuses";
    KarmadaIgnored, "karmada-ignored", Warning, "a field of a Karmada policy that has no effect";
    KarmadaRuntime, "karmada-runtime", Note, "a field of a Karmada policy that only counts in a running control plane";
    KarmadaPrecedence, "karmada-precedence", Warning, "a template that another policy has";
    KarmadaSelectsNothing, "karmada-selects-nothing", Warning, "a Karmada policy or selector that takes nothing";
    KarmadaUnselected, "karmada-unselected", Warning, "a template that no policy selects";
    KarmadaNotPlaced, "karmada-not-placed", Error, "a template that Karmada never places";
    KarmadaNotRead, "karmada-not-read", Warning, "a kind of Karmada that is not read";
    KarmadaDependency, "karmada-dependency", Warning, "a dependency of a template that does not come along";
    NoCapacity, "no-capacity", Warning, "a strategy counts on what is free, and nobody says what a cluster can take";
    NoShare, "no-share", Note, "a cluster that fits gets no instance";
    UnmetSpread, "unmet-spread", Warning, "instances are in fewer groups than a spread asks for, for want of room";
    Overcommitted, "overcommitted", Warning, "the copies that run on a cluster request more than is free there";
    NothingActive, "nothing-active", Error, "a task is placed, and none of its copies is active";
    ActiveNotPlaced, "active-not-placed", Warning, "`active` names a cluster that the task does not run on";
    SuspendedShare, "suspended-share", Warning, "a cluster with a share of the instances is suspended";
    IdleJob, "idle-job", Warning, "a CronJob whose Jobs never start a pod";
    NotOnce, "not-once", Error, "a task with `once` has not exactly one active definition";
    DecidedField, "decided-field", Error, "a field is set that `active` or the strategy decides";
    StandbyDeadline, "standby-deadline", Warning, "a suspended copy without `startingDeadlineSeconds`";
    LockInvalid, "lock-invalid", Error, "the lock cannot be read";
    LockNewer, "lock-newer", Note, "the lock holds facts of a newer fleetcron";
    LockConflict, "lock-conflict", Note, "the lock holds an unresolved merge";
    LockContradiction, "lock-contradiction", Warning, "the lock contradicts itself about a task";
    LockChanged, "lock-changed", Error, "the lock would change";
    NotInLock, "not-in-lock", Error, "the lock does not say what is to be rendered";
    LockMerge, "lock-merge", Warning, "Git is not told how to merge the lock";
    UnknownBase, "unknown-base", Error, "a base that does not exist";
    ContainerSource, "container-source", Error, "the containers come from no place, or from two";
    AmbiguousContainer, "ambiguous-container", Error, "`container` where there are several containers";
    UnknownContainer, "unknown-container", Error, "a container that does not exist";
    RestartPolicy, "restart-policy", Error, "a restart policy that a Job cannot have";
    InvalidSchedule, "invalid-schedule", Error, "a schedule that Kubernetes refuses, or a period that cron cannot say";
    InvalidHash, "invalid-hash", Error, "an `H` in a schedule that cannot be expanded";
    HashBothDays, "hash-both-days", Error, "`H` in a day field while both day fields are given";
    InexactStagger, "inexact-stagger", Error, "a stagger that one cron expression cannot say";
    WideStagger, "wide-stagger", Note, "a stagger window that is wider than the distance of the runs";
    EveryDeadline, "every-deadline", Error, "an `@every` whose starting deadline is shorter than its period";
    StartsAtOnce, "starts-at-once", Warning, "copies that may start at once when a change is applied";
    OverBudget, "over-budget", Warning, "more starts or runs at once than a budget allows";
    BlackoutRuns, "blackout-runs", Warning, "runs that fall into a dated blackout";
    Paused, "paused", Note, "copies that a pause of the fleet suspends";
    PauseOverdue, "pause-overdue", Error, "a pause that should have been looked at";
    InexactWindow, "inexact-window", Error, "a window that cannot be cut out of a schedule";
    UnknownTimeZone, "unknown-time-zone", Error, "a time zone that Kubernetes refuses";
    NeverRuns, "never-runs", Error, "a schedule that is accepted and never runs";
    EveryMinute, "every-minute", Warning, "a schedule for every minute of some hours";
    UnevenStep, "uneven-step", Warning, "a step that does not divide its field";
    BothDays, "both-days", Warning, "a day of the month and a day of the week: either will do";
    LateDays, "late-days", Warning, "a day that some months do not have";
    SubMinute, "sub-minute", Warning, "a schedule that is due more than once a minute";
    UnsetTimeZone, "unset-time-zone", Warning, "a schedule without a time zone";
    DeprecatedTimeZone, "deprecated-time-zone", Warning, "a time zone under an old name";
    TimeZoneSupport, "time-zone-support", Warning, "a time zone on a cluster that may not know time zones";
    DaylightSaving, "daylight-saving", Warning, "runs that a changing clock skips or doubles";
    ShortStartingDeadline, "short-starting-deadline", Warning, "a starting deadline shorter than the controller's round";
    NoStartingDeadline, "no-starting-deadline", Note, "a frequent schedule without a starting deadline";
    InvalidImage, "invalid-image", Error, "an image reference that no container runtime can read";
    OddAmount, "odd-amount", Warning, "an amount that is accepted and hardly meant";
    RootRefused, "root-refused", Warning, "a container that must not run as root, and is told to";
    UnpinnedImage, "unpinned-image", Warning, "an image without a tag, or with `latest`";
    NoResourceRequests, "no-resource-requests", Warning, "a container that requests neither CPU nor memory";
    NoMemoryLimit, "no-memory-limit", Warning, "a container without a memory limit";
    UselessProbe, "useless-probe", Warning, "a readiness probe, which means nothing for a job";
    PrivilegedContainer, "privileged-container", Warning, "a container with the rights of its node";
    HostPath, "host-path", Warning, "a volume that is a folder of the node";
    SecretInEnv, "secret-in-env", Warning, "an environment variable whose value looks like a secret";
    EnvOrder, "env-order", Warning, "an environment variable refers to one that is defined later";
    ImplicitTimeout, "implicit-timeout", Note, "a task that may run for ever";
    UnknownObject, "unknown-object", Warning, "a ConfigMap, Secret or ServiceAccount that the repository does not have";
    OverlappingRuns, "overlapping-runs", Warning, "runs closer together than they may take";
    JobRefused, "job-refused", Error, "a CronJob that is accepted, and whose Jobs are refused";
    PodRefused, "pod-refused", Error, "a CronJob that is accepted, and whose pods are refused";
    ApplyRefused, "apply-refused", Error, "a manifest that server-side apply refuses";
    FieldTooNew, "field-too-new", Error, "a field that the cluster's Kubernetes does not know yet";
    FieldDropped, "field-dropped", Warning, "a field that the cluster's Kubernetes drops without a word";
    MissingFile, "missing-file", Error, "a file that is referred to does not exist";
    InvalidFile, "invalid-file", Error, "a file that is referred to is not what it must be";
    UndefinedReference, "undefined-reference", Error, "a reference that is unknown or unset, or stands where none is read";
    ReferenceQuoting, "reference-quoting", Warning, "a value put into a text holds characters that a shell would read";
    DigestLost, "digest-lost", Error, "a new tag over an old digest";
    ScriptStart, "script-start", Warning, "a script whose first line no kernel reads";
    ClientSideApply, "client-side-apply", Warning, "an object too large for client-side apply";
    ObjectTooLarge, "object-too-large", Error, "an object larger than any that etcd stores";
    PatchFailed, "patch-failed", Error, "a patch does not apply";
    OverrideSelectsNothing, "override-selects-nothing", Error, "an override whose selector reaches none of the task's clusters";
    OverrideNotPlaced, "override-not-placed", Error, "an override for a cluster that the task's rules refuse";
    OverrideNotSelected, "override-not-selected", Warning, "an override for a cluster that is possible and not taken now";
    OverrideWithoutEffect, "override-without-effect", Error, "an override that changes nothing";
    ObjectCollision, "object-collision", Error, "two tasks make the same object";
    ObjectRenamed, "object-renamed", Error, "a CronJob that exists would get another name";
    ServerField, "server-field", Note, "a field that a cluster wrote into an exported object";
    ResourceInvalid, "resource-invalid", Error, "an object beside a task that cannot be used";
    PathCollision, "path-collision", Error, "two output paths differ only in case";
    ForeignFile, "foreign-file", Error, "a file that fleetcron did not write stands where it must write";
    StrayFile, "stray-file", Warning, "a file in the output that fleetcron did not write";
    OutputOnInputs, "output-on-inputs", Error, "the output folder holds documents of fleetcron";
    LeftOutput, "left-output", Warning, "generated files outside the output directory";
    LinkOutside, "link-outside", Error, "a symbolic link leads out of the fleet root";
    Unreadable, "unreadable", Error, "a file or folder could not be read";
    DefaultNamespace, "default-namespace", Warning, "a task without a namespace lands in `default`";
    DeprecatedApi, "deprecated-api", Warning, "an API version that Kubernetes no longer serves";
    FluxSubstitution, "flux-substitution", Warning, "a text that Flux would substitute";
    UpdateRefused, "update-refused", Warning, "an update that the API server refuses";
    DeletionCascades, "deletion-cascades", Warning, "a deletion that takes more with it";
    Deletions, "deletions", Error, "more would be deleted than the guard allows";
    StaleOutput, "stale-output", Error, "the output is not what the inputs give";
    EditedOutput, "edited-output", Error, "a file of the output was changed by hand";
    UnstagedOutput, "unstaged-output", Error, "a generated file has edits that are not staged";
}
