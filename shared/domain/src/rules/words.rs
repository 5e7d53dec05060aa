//! Words and commands that every text uses alike.

use crate::act::command::{Command, Manifest};
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

/// `oc -n NAMESPACE WORDS`
pub fn command(snapshot: &Snapshot, namespace: &str, words: &'static str) -> Command {
    Command::new(snapshot.cli()).namespace(namespace).say(words)
}

/// A merge patch of the spec, ready to be pasted.
pub fn patch_spec(
    snapshot: &Snapshot,
    namespace: &str,
    kind: &'static str,
    name: &str,
    field: &str,
    value: &str,
) -> Command {
    command(snapshot, namespace, "patch")
        .say(kind)
        .name(name)
        .say("--type merge -p")
        .value(format!("{{\"spec\":{{\"{field}\":{value}}}}}"))
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
pub fn way_out(missing: &Missing, origin: &Origin, cli: &'static str) -> String {
    match (missing, origin) {
        (Missing::Forbidden { verb, resource, .. }, Origin::Admission { .. }) => format!(
            "give the webhook its right back: its ClusterRole {} must allow {verb} {resource}; check with: {}",
            names::CLUSTER_ROLE,
            may_webhook(missing, cli)
        ),
        (Missing::NoCluster { .. } | Missing::NotAsked, Origin::Admission { .. }) => format!(
            "{AGAIN}; if it stays so, see the webhook's log: {}",
            Command::new(cli)
                .namespace(names::NAMESPACE)
                .say("logs deploy/acm-backup-webhook")
        ),
        (_, Origin::Admission { .. }) if !missing.is_lasting() => {
            let way_out = missing.way_out(cli).to_string();
            let way_out = way_out.strip_prefix("try again; ").unwrap_or(&way_out);
            format!("{AGAIN}; if it stays so, {way_out}")
        }
        _ => missing.way_out(cli).to_string(),
    }
}

/// The command that tells whether the webhook has the right.
pub fn may_webhook(missing: &Missing, cli: &'static str) -> Command {
    let check = missing.check(cli).unwrap_or_else(|| Command::new(cli));
    check.value(format!("--as={}", names::SERVICE_ACCOUNT))
}

/// The command that shows to whom the right to attest is given.
pub fn who_may_attest(snapshot: &Snapshot) -> Command {
    let attesters = Command::new("grep")
        .say("-E")
        .value("acm-backup-attester|cluster-admin");
    Command::new(snapshot.cli())
        .say("get clusterrolebindings,rolebindings -A -o wide")
        .pipe(attesters)
}

/// Adds the annotation with what has to be stated, in a block that keeps apostrophes, colons and several lines as
/// they are typed.
pub fn attested(metadata: Manifest, statements: impl Iterator<Item = String>) -> Manifest {
    let mut statements = statements.peekable();
    if statements.peek().is_none() {
        return metadata;
    }
    let head = metadata
        .line("  annotations:")
        .within("    ", &format!("{}: |", names::ATTESTATION));
    statements.fold(head, |lines, statement| lines.within("      ", &statement))
}

/// Whoever reads a refusal fears that half of it was done.
const AGAIN: &str = "nothing was changed: try again";
