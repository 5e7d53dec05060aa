//! Which Secrets and ConfigMaps must be in the backup though nobody labels them (DESIGN §4, operator-facts
//! §4.2).
//!
//! One decision for all three ways in: the Secret says what it is, something that exists refers to
//! it, something created later refers to it.

pub mod left_alone;
pub mod marker;
pub mod references;
pub mod referrers;
pub mod value;

use crate::kinds::managed_cluster::ManagedCluster;
use crate::kinds::meta::Meta;
use crate::snapshot::Fact;
use crate::upstream::{DEFAULT_LOCAL_CLUSTER, object_label};
use references::References;
use referrers::Labelled;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use value::LabelValue;

/// The labels of an object, asked for one by one: those of a review are as many as a stranger likes, and are
/// never collected (DESIGN §6).
pub trait Labels {
    /// The value of one of [`ASKED_FOR`].
    fn label(&self, key: &str) -> Option<&str>;
}

/// Every label a decision asks for.
pub const ASKED_FOR: [&str; 7] = [
    object_label::BACKUP,
    object_label::CREDENTIAL_TYPE,
    object_label::HIVE_SECRET_TYPE,
    object_label::EXCLUDE,
    object_label::MANAGED_SERVICE_ACCOUNT,
    object_label::AGENT_INSTALL_WATCH,
    object_label::METAL3_ENVIRONMENT,
];

impl Labels for BTreeMap<String, String> {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }
}

impl Labels for Meta {
    fn label(&self, key: &str) -> Option<&str> {
        self.labels.label(key)
    }
}

/// What is decided on.
#[derive(Debug)]
pub struct Subject<'a, L: ?Sized> {
    /// Secret or ConfigMap.
    pub what: Labelled,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name, or the prefix of one yet to be made up.
    pub name: &'a str,
    /// Its labels.
    pub labels: &'a L,
}

/// What to do about one Secret or ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelDecision {
    /// Add the backup label.
    Label {
        /// Its value.
        value: LabelValue,
        /// What makes it necessary, e.g. `ClusterDeployment c1 (spec.pullSecretRef)`.
        because: String,
    },
    /// This very update takes the label away by which Velero selects it: put the backup label back.
    PutBack {
        /// The label that is taken away.
        lost: &'static str,
        /// The value of the backup label: the one it had; where another label selected it, as in
        /// [`Self::Label`].
        value: String,
        /// What makes it necessary.
        because: String,
    },
    /// Velero selects it already, by this label. An explicit empty value is the user's choice.
    Selected {
        /// Which of the three.
        by: &'static str,
    },
    /// It must not be labelled, and why.
    Never {
        /// The reason.
        why: &'static str,
    },
    /// Nothing makes it necessary.
    NotNeeded,
}

/// What is known of the hub when a Secret is decided on.
#[derive(Clone, Debug)]
pub struct Hub<'a> {
    /// Who refers to what.
    pub references: &'a References,
    /// Namespaces of the hub's own clusters. Where they are missing, nothing is labelled: the secrets of
    /// the hub itself must never get into a backup.
    pub local_clusters: &'a Fact<Arc<BTreeSet<String>>>,
}

/// The label by which Velero selects an object already, if any. An empty value selects too.
pub fn selected_by<L: Labels + ?Sized>(labels: &L) -> Option<&'static str> {
    object_label::SELECTING
        .into_iter()
        .find(|key| labels.label(key).is_some())
}

/// Decides on one Secret or ConfigMap by its metadata.
pub fn decide<L: Labels + ?Sized>(subject: &Subject<'_, L>, hub: &Hub<'_>) -> LabelDecision {
    let marked = match subject.what {
        Labelled::Secret => marker::of(subject),
        Labelled::ConfigMap => None,
    };
    let needed = marked
        .map(|(value, label)| (value, format!("its label {label}")))
        .or_else(|| {
            let needed = hub
                .references
                .to(subject.what, subject.namespace, subject.name)?;
            Some((needed.value, needed.to_string()))
        });
    match (needed, selected_by(subject.labels)) {
        // Hive's own label says that it is needed, and selects it.
        (Some(_), Some(by)) | (None, Some(by @ object_label::HIVE_SECRET_TYPE)) => {
            LabelDecision::Selected { by }
        }
        (None, _) => LabelDecision::NotNeeded,
        (Some((value, because)), None) => match never(subject, hub.local_clusters) {
            Some(why) => LabelDecision::Never { why },
            None => LabelDecision::Label { value, because },
        },
    }
}

/// Decides on an update of one that had the labels `before`.
///
/// Whoever writes it back as he made it takes our label away without knowing of it, and again with every
/// write; so what would be labelled now gets it back in the same write, with the value it had. To keep it out
/// of the backup there is a label of its own, and another value of ours is a choice that stands.
pub fn decide_update<L: Labels + ?Sized>(
    before: &L,
    subject: &Subject<'_, L>,
    hub: &Hub<'_>,
) -> LabelDecision {
    let decision = decide(subject, hub);
    let LabelDecision::Label { value, because } = decision else {
        return decision;
    };
    match selected_by(before) {
        None => LabelDecision::Label { value, because },
        Some(lost) => LabelDecision::PutBack {
            lost,
            value: before
                .label(object_label::BACKUP)
                .unwrap_or(value.as_str())
                .to_owned(),
            because,
        },
    }
}

/// What the one who took a label away is told.
#[must_use]
pub fn put_back_warning(lost: &str, value: &str, because: &str) -> String {
    let (backup, exclude) = (object_label::BACKUP, object_label::EXCLUDE);
    format!(
        "this write takes the label {lost} away, but {because} needs this Secret in the backup: it keeps the \
         label {backup}={value}. To leave it out of the backup, label it {exclude}=true; another value of \
         {backup}, an empty one too, stays as it is and is backed up."
    )
}

fn never<L: Labels + ?Sized>(
    subject: &Subject<'_, L>,
    local_clusters: &Fact<Arc<BTreeSet<String>>>,
) -> Option<&'static str> {
    if let Some(why) = never_of_itself(subject) {
        return Some(why);
    }
    match local_clusters.get() {
        Err(_) => Some("which cluster is the hub's own could not be looked up"),
        Ok(local) if local.contains(subject.namespace) => {
            Some("it belongs to the hub's own cluster")
        }
        Ok(_) => None,
    }
}

/// What tells by itself that it must not be labelled.
fn never_of_itself<L: Labels + ?Sized>(subject: &Subject<'_, L>) -> Option<&'static str> {
    let Subject {
        namespace, name, ..
    } = subject;
    if subject.labels.label(object_label::EXCLUDE) == Some("true") {
        return Some("it is excluded from backups");
    }
    if name.strip_suffix("-import") == Some(*namespace) {
        return Some("import secrets are made anew by the hub that imports");
    }
    if name.contains("-bootstrap-") {
        return Some("bootstrap secrets are short-lived");
    }
    None
}

/// Names (and namespaces) of the hub's own clusters (operator-facts §3.3): every one that says so, and the
/// name it has where nobody chose one, whether or not it is labelled yet.
pub fn local_clusters<'a>(
    clusters: impl IntoIterator<Item = &'a ManagedCluster>,
) -> BTreeSet<String> {
    clusters
        .into_iter()
        .filter(|cluster| cluster.is_local())
        .map(|cluster| cluster.meta.name.clone())
        .chain([DEFAULT_LOCAL_CLUSTER.to_owned()])
        .collect()
}

#[cfg(test)]
mod tests;
