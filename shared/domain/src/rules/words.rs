//! Words and commands that every text uses alike.

use crate::names;
use crate::rules::review::Origin;
use crate::snapshot::{Missing, Snapshot};

/// Short names of the kinds a remedy speaks of; the long ones only where a short one is ambiguous.
pub mod short {
    /// ACM Restores.
    pub const RESTORE: &str = "crst";
    /// ACM BackupSchedules.
    pub const BACKUP_SCHEDULE: &str = "bsch";
}

/// `oc -n NAMESPACE REST`
pub fn command(snapshot: &Snapshot, namespace: &str, rest: &str) -> String {
    format!("{} -n {namespace} {rest}", snapshot.cli())
}

/// A merge patch of the spec, ready to be pasted.
pub fn patch_spec(
    snapshot: &Snapshot,
    namespace: &str,
    kind: &str,
    name: &str,
    field: &str,
    value: &str,
) -> String {
    let rest =
        format!("patch {kind} {name} --type merge -p '{{\"spec\":{{\"{field}\":{value}}}}}'");
    command(snapshot, namespace, &rest)
}

/// A remark behind a step, in brackets; nothing where there is none.
pub fn in_brackets(remark: &str) -> String {
    match remark {
        "" => String::new(),
        remark => format!(" ({remark})"),
    }
}

/// A kind and a name, without the blank where the name is still to be generated.
pub fn named(kind: &str, name: &str) -> String {
    format!("{kind} {name}").trim_end().to_owned()
}

/// Why something could not be looked up, and who could not: at admission it is the webhook, not its
/// user, that lacks a right.
pub fn told(missing: &Missing, origin: &Origin) -> String {
    match origin {
        Origin::Admission { .. } => format!("the webhook could not look: {missing}"),
        Origin::File | Origin::Stored => missing.to_string(),
    }
}

/// What would make the fact known. At admission nothing has happened yet, and most reasons pass.
pub fn way_out(missing: &Missing, origin: &Origin, cli: &str) -> String {
    match (missing, origin) {
        (Missing::Forbidden { verb, resource, .. }, Origin::Admission { .. }) => format!(
            "give the webhook its right back: its ClusterRole {} must allow {verb} {resource}; check with: {} --as={}",
            names::CLUSTER_ROLE,
            missing.check(cli),
            names::SERVICE_ACCOUNT
        ),
        (Missing::NoCluster { .. } | Missing::NotAsked, Origin::Admission { .. }) => format!(
            "{AGAIN}; if it stays so, see the webhook's log: {cli} -n {} logs deploy/acm-backup-webhook",
            names::NAMESPACE
        ),
        (_, Origin::Admission { .. }) if !missing.is_lasting() => {
            let way_out = missing.way_out(cli);
            let way_out = way_out.strip_prefix("try again; ").unwrap_or(&way_out);
            format!("{AGAIN}; if it stays so, {way_out}")
        }
        _ => missing.way_out(cli),
    }
}

/// Whoever reads a refusal fears that half of it was done.
const AGAIN: &str = "nothing was changed: try again";
