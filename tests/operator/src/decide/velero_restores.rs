//! Which Velero Restores a Restore wants, in order, and what they look like (operator-facts §6.4–6.6).

use acm_backup_domain::upstream::{backup_label, object_label};
use serde_json::{Map, Value, json};

use super::resolve::{self, Wanted};
use super::velero_schedules::{
    BackupType, CREDENTIALS, GENERIC, MANAGED_CLUSTERS, RESOURCES, controller_reference,
};
use crate::cleanup_rule::ACTIVATION;
use crate::kinds::Kind;
use crate::object::{label, list, name, namespace};
use crate::version::Version;
use crate::world::World;

/// What a Velero Restore restores, in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Secrets and ConfigMaps.
    Credentials,
    /// Passive resources.
    Resources,
    /// Labelled objects of any kind.
    Generic,
    /// The part of the generic backup that is for activation only.
    GenericActive,
    /// The part of the credentials backup that is for activation only.
    CredentialsActive,
    /// Activation data.
    ManagedClusters,
}

impl Part {
    fn backup_type(self) -> BackupType {
        match self {
            Self::Credentials | Self::CredentialsActive => CREDENTIALS,
            Self::Resources => RESOURCES,
            Self::Generic | Self::GenericActive => GENERIC,
            Self::ManagedClusters => MANAGED_CLUSTERS,
        }
    }

    fn spec_field(self) -> &'static str {
        match self {
            Self::Credentials | Self::CredentialsActive => "veleroCredentialsBackupName",
            Self::ManagedClusters => "veleroManagedClustersBackupName",
            _ => "veleroResourcesBackupName",
        }
    }

    /// Whether it restores the activation half of a backup that is split.
    pub fn is_active(self) -> bool {
        matches!(self, Self::GenericActive | Self::CredentialsActive)
    }
}

/// How much a pass restores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything the spec asks for.
    Full,
    /// Only what activation adds to a passive hub that is up to date.
    ActivationOnly,
}

/// A Velero Restore that should exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What it restores.
    pub part: Part,
    /// The object.
    pub restore: Value,
}

/// The raw value of a backup name field.
pub fn raw<'a>(restore: &'a Value, field: &str) -> Option<&'a str> {
    restore.get("spec")?.get(field)?.as_str()
}

/// Whether a Restore is an activation, as several decisions see it: not *exactly* `skip`.
pub fn is_activation(restore: &Value) -> bool {
    raw(restore, "veleroManagedClustersBackupName").is_some_and(|value| value != "skip")
}

/// Whether every type is skipped.
pub fn is_nothing(restore: &Value) -> bool {
    [Part::Credentials, Part::Resources, Part::ManagedClusters]
        .into_iter()
        .all(|part| resolve::wanted(raw(restore, part.spec_field())) == Ok(Wanted::Skip))
}

/// Whether managed clusters will be restored, as the type itself sees it: normalised.
pub fn restores_clusters(restore: &Value) -> bool {
    resolve::wanted(raw(restore, Part::ManagedClusters.spec_field()))
        .is_ok_and(|wanted| wanted != Wanted::Skip)
}

/// The Velero Restores of a pass, in the order of creation.
///
/// # Errors
/// The operator's message, where a backup cannot be found.
pub fn plan(
    world: &World,
    restore: &Value,
    extent: Extent,
    version: Version,
) -> Result<Vec<Planned>, String> {
    let mut planned = Vec::new();
    for part in parts(restore, extent, version) {
        let wanted = resolve::wanted(raw(restore, part.spec_field()))?;
        let wanted = match wanted {
            Wanted::Skip if is_fallback(part, restore, version) => Wanted::Latest,
            other => other,
        };
        let found = resolve::backup(world, namespace(restore), part.backup_type(), &wanted);
        let backup = match found {
            Err(_) if part.backup_type() == GENERIC || part.is_active() => None,
            other => other?,
        };
        if let Some(backup) = backup {
            planned.push(Planned {
                part,
                restore: object(restore, part, backup, extent, version),
            });
        }
    }
    Ok(planned)
}

fn parts(restore: &Value, extent: Extent, version: Version) -> Vec<Part> {
    use Part::{
        Credentials, CredentialsActive, Generic, GenericActive, ManagedClusters, Resources,
    };
    match (extent, version.splits_activation()) {
        (Extent::Full, true) if is_activation(restore) => {
            vec![
                Credentials,
                Resources,
                Generic,
                GenericActive,
                CredentialsActive,
                ManagedClusters,
            ]
        }
        (Extent::Full, _) => vec![Credentials, Resources, Generic, ManagedClusters],
        (Extent::ActivationOnly, true) => vec![GenericActive, CredentialsActive, ManagedClusters],
        (Extent::ActivationOnly, false) => vec![CredentialsActive, GenericActive, ManagedClusters],
    }
}

/// Up to 2.16 an activation with skipped credentials or resources restored their activation half from
/// the newest backup all the same (operator-facts §6.6).
fn is_fallback(part: Part, restore: &Value, version: Version) -> bool {
    !version.splits_activation()
        && matches!(part, Part::Credentials | Part::Generic)
        && raw(restore, Part::ManagedClusters.spec_field()) == Some("latest")
}

fn object(owner: &Value, part: Part, backup: &Value, extent: Extent, version: Version) -> Value {
    let api = Kind::VeleroRestore.api();
    let mut restore = json!({
        "apiVersion": api.api_version(),
        "kind": api.kind,
        "metadata": {
            "name": restore_name(owner, part, backup),
            "namespace": namespace(owner),
            "ownerReferences": [controller_reference(owner)],
        },
        "spec": spec(owner, part, backup, extent, version),
        "status": {},
    });
    if let Some(hub) = label(backup, backup_label::BACKUP_CLUSTER) {
        restore["metadata"]["labels"] = json!({backup_label::BACKUP_CLUSTER: hub});
    }
    restore
}

fn restore_name(owner: &Value, part: Part, backup: &Value) -> String {
    let full = format!("{}-{}", name(owner), name(backup));
    let cut: String = full.chars().take(252).collect();
    if part.is_active() {
        format!("{cut}-active")
    } else {
        cut
    }
}

const EXCLUDED_WHEN_HARDENED: &[&str] = &[
    "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
];

const PASSED_ON: &[&str] = &[
    "restorePVs",
    "preserveNodePorts",
    "restoreStatus",
    "includedNamespaces",
    "excludedNamespaces",
    "includedResources",
    "labelSelector",
    "orLabelSelectors",
    "namespaceMapping",
];

fn spec(owner: &Value, part: Part, backup: &Value, extent: Extent, version: Version) -> Value {
    let mut excluded = vec![json!("CustomResourceDefinition")];
    if version.is_hardened() {
        excluded.extend(
            EXCLUDED_WHEN_HARDENED
                .iter()
                .map(|resource| json!(resource)),
        );
    }
    excluded.extend(list(owner, "/spec/excludedResources").iter().cloned());
    let mut spec = Map::new();
    spec.insert("backupName".to_owned(), json!(name(backup)));
    spec.insert("excludedResources".to_owned(), json!(excluded));
    spec.insert("existingResourcePolicy".to_owned(), json!("update"));
    spec.insert("itemOperationTimeout".to_owned(), json!("0s"));
    let hooks = owner
        .pointer("/spec/hooks")
        .filter(|_| !version.is_hardened())
        .cloned();
    spec.insert("hooks".to_owned(), hooks.unwrap_or_else(|| json!({})));
    for field in PASSED_ON {
        if let Some(value) = owner
            .get("spec")
            .and_then(|spec| spec.get(*field))
            .filter(|value| !value.is_null())
        {
            spec.insert((*field).to_owned(), value.clone());
        }
    }
    if !matches!(part, Part::Credentials | Part::CredentialsActive) {
        spec.insert("includeClusterResources".to_owned(), json!(true));
    }
    if let Some(operator) = split(owner, part, extent, version) {
        require(&mut spec, operator);
    }
    Value::Object(spec)
}

/// The operator that separates passive from activation data, where a backup is split.
fn split(owner: &Value, part: Part, extent: Extent, version: Version) -> Option<&'static str> {
    match part {
        Part::GenericActive | Part::CredentialsActive => Some("In"),
        Part::Resources | Part::ManagedClusters => None,
        Part::Credentials | Part::Generic if version.splits_activation() => Some("NotIn"),
        Part::Credentials | Part::Generic => {
            (extent == Extent::Full && !is_activation(owner)).then_some("NotIn")
        }
    }
}

/// Adds the requirement to the user's selectors, unless they have one on the same key.
fn require(spec: &mut Map<String, Value>, operator: &str) {
    let requirement =
        json!({"key": object_label::BACKUP, "operator": operator, "values": [ACTIVATION]});
    if let Some(Value::Array(selectors)) = spec.get_mut("orLabelSelectors") {
        for selector in selectors.iter_mut() {
            append_unique(selector, &requirement);
        }
        if !selectors.is_empty() {
            return;
        }
    }
    append_unique(
        spec.entry("labelSelector").or_insert_with(|| json!({})),
        &requirement,
    );
}

fn append_unique(selector: &mut Value, requirement: &Value) {
    let taken = list(selector, "/matchExpressions")
        .iter()
        .any(|existing| existing["key"] == requirement["key"]);
    if taken {
        return;
    }
    let mut expressions = list(selector, "/matchExpressions").to_vec();
    expressions.push(requirement.clone());
    selector["matchExpressions"] = json!(expressions);
}
