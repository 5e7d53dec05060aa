//! The record of accepted statements, as it stands in the slot's Lease.

use super::Lister;
use crate::kinds::LEASES;
use acm_backup_domain::hub::record::Accepted;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::names;
use acm_backup_domain::slot::record::read;
use acm_backup_domain::snapshot::Missing;
use serde_json::Value;

/// What was accepted for the namespace that is read; nothing where there is no Lease: nothing was ever let
/// through.
pub(super) async fn accepted(lister: &Lister) -> Result<Vec<Accepted>, Missing> {
    let lease = names::slot_lease(lister.namespace());
    let lister = lister.elsewhere(names::NAMESPACE);
    match lister.get::<Record>(&LEASES, &lease).await? {
        None => Ok(Vec::new()),
        Some(Record(record)) => record.map_err(|why| unreadable(&lease, why)),
    }
}

/// A record that cannot be read: what it said may have been anything.
fn unreadable(lease: &str, why: String) -> Missing {
    Missing::Failed {
        resource: LEASES.name.to_owned(),
        why: format!("Lease {}/{lease}: {why}", names::NAMESPACE),
    }
}

struct Record(Result<Vec<Accepted>, String>);

impl Kind for Record {
    fn read(object: &Value) -> Self {
        let annotations = object.pointer("/metadata/annotations");
        let record = annotations.and_then(|all| all.get(names::ACCEPTED)?.as_str());
        Self(read(record))
    }
}
