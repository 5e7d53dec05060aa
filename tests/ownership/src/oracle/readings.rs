//! Where a sentence leaves a choice that product and oracle took differently: which one this oracle takes.

/// E2: `latest` of any of the four types that resolves to a Backup with only the name is refused; else only that
/// of managed clusters.
pub const E2_ASKS_ALL_FOUR: bool = true;

/// S2: a marker is something its hub began and ended: it refutes `down` and `rebuilt` by those times as well, and
/// not by its name alone.
pub const S2_MARKERS_BEGIN_AND_END: bool = true;

/// T3: a copy that came more than five minutes after an activation here ended (K4) counts as ended after it, as
/// it does after a marker. Without it T3 says nothing of our own takeovers: each marker of ours stands beside
/// such an end.
pub const T3_COVERS_ACTIVATIONS: bool = true;

/// Q5: `unknown` on what was not made here is not known even where that writer is superseded, which is said of a
/// twin alone.
pub const Q5_UNKNOWN_IS_NEVER_KNOWN: bool = true;

/// Q2: an activation that writes its marker more than a day after a statement was accepted for its Restore is
/// another one: the name of a Restore comes again.
pub const Q2_FENCED_FOR_A_DAY: bool = true;

/// Q2: a fenced hub of which nothing has a time that counts (all of it lies ahead) is superseded by nobody.
pub const Q2_FENCED_NEEDS_A_TIME: bool = true;

/// P2: the half is of the newest completed set of each owner; else of the newest of all of them, which is `latest`
/// itself wherever it was completed.
pub const P2_HALF_OF_EACH_OWNER: bool = true;

/// P2: the hub restored from is known by the restored Backup where its id is empty.
pub const P2_SOURCE_OF_AN_EMPTY_ID: bool = true;

/// T2: an activation here that only ManagedClusters tell of (K4), restored from a backup whose name is ahead, makes
/// us an owner at its arrival.
pub const T2_CLUSTERS_AHEAD_OWN: bool = true;

/// P2: for K4 the Backup tells its writer, even where the label on the Velero Restore differs.
pub const P2_BACKUP_BEFORE_LABEL: bool = true;

/// `latest`: the operator asks for the phase alone, and takes what is being deleted.
pub const LATEST_TAKES_THE_DYING: bool = true;

/// T2: a takeover that is ahead makes its hub an owner beside the one before it; else it takes its place.
pub const T2_AHEAD_OWNS_BESIDE: bool = true;
