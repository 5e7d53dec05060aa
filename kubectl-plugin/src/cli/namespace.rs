//! Which namespace, and why that one.

use acm_backup_domain::names::OPERATOR_NAMESPACE;
use acm_backup_hub::connect::Connection;
use acm_backup_hub::deadline::Deadline;
use acm_backup_hub::directory::Directory;
use acm_backup_hub::kinds;
use acm_backup_hub::live::Lister;

/// A namespace with the reason for it.
pub struct Namespace {
    pub name: String,
    pub why: &'static str,
}

impl Namespace {
    fn new(name: impl Into<String>, why: &'static str) -> Self {
        Self {
            name: name.into(),
            why,
        }
    }
}

/// The flag's, else the context's where the operator's objects are there, else the known one.
///
/// A context nearly always names some namespace (on OpenShift, the last project), so naming one is no
/// reason by itself to look there for backups.
pub async fn of_hub(flag: Option<&str>, connection: &Connection, deadline: Deadline) -> Namespace {
    if let Some(flag) = flag {
        return Namespace::new(flag, "-n");
    }
    if let Some(context) = connection
        .namespace
        .as_deref()
        .filter(|name| *name != OPERATOR_NAMESPACE)
    {
        let lister = Lister::new(connection.client.clone(), context, deadline);
        for kind in [kinds::BACKUP_SCHEDULES, kinds::RESTORES] {
            if lister.any(&kind).await == Ok(true) {
                return Namespace::new(context, "context");
            }
        }
    }
    Namespace::new(OPERATOR_NAMESPACE, "default")
}

/// The flag's, else the one that holds the operator's objects, else the known one.
pub fn of_directory(flag: Option<&str>, directory: &Directory) -> Namespace {
    match (flag, directory.namespace()) {
        (Some(flag), _) => Namespace::new(flag, "-n"),
        (None, Some(name)) => Namespace::new(name, "holds the operator's objects"),
        (None, None) => Namespace::new(OPERATOR_NAMESPACE, "default"),
    }
}
