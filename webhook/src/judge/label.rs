//! `/mutate`: does this Secret need the backup label?

use std::collections::BTreeMap;
use std::sync::Arc;

use acm_backup_domain::kinds::meta::Meta;
use acm_backup_domain::kinds::secret::SecretMeta;
use acm_backup_domain::labels::{self, Hub, LabelDecision};
use acm_backup_domain::upstream::object_label;
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::admission::answer::Answer;
use crate::admission::endpoint::Judge;
use crate::admission::object::{self, Metadata};
use crate::admission::patch::AddLabel;
use crate::admission::review::Request;
use crate::watch::clusters::Clusters;
use crate::watch::local_cluster::LocalCluster;

/// Decides from the review and the watched references alone: no call is made on this path.
pub struct Label {
    /// Who refers to which Secret.
    pub clusters: Arc<Clusters>,
    /// Which cluster is the hub.
    pub local_cluster: Arc<LocalCluster>,
}

impl Judge for Label {
    fn judge<'a>(&'a self, request: &'a Request<'a>, _: Instant) -> BoxFuture<'a, Answer> {
        async move { self.decide(request) }.boxed()
    }
}

impl Label {
    fn decide(&self, request: &Request<'_>) -> Answer {
        let about_secrets = request.resource.group.is_empty()
            && request.resource.resource == "secrets"
            && request.sub_resource.is_empty()
            && matches!(&*request.operation, "CREATE" | "UPDATE");
        let (true, Some(raw)) = (about_secrets, request.object) else {
            return Answer::allowed();
        };
        let Ok(secret) = object::secret(raw) else {
            return Answer {
                decision: "unreadable",
                ..Answer::allowed()
            };
        };
        let has_labels = secret.metadata.labels.is_some();
        let secret = meta(secret.metadata, &request.namespace);
        let local_cluster = self.local_cluster.fact(Timestamp::now());
        let decision = self.clusters.with_references(|references| {
            labels::decide(
                &secret,
                &Hub {
                    references,
                    local_cluster: &local_cluster,
                },
            )
        });
        match decision {
            LabelDecision::Label { value, because } => {
                let patch = AddLabel {
                    key: object_label::BACKUP.to_owned(),
                    value: value.to_owned(),
                    has_labels,
                };
                let mut answer = Answer::labelled(format!("label/{value}"), patch);
                answer.audit.insert("because", because);
                answer
            }
            LabelDecision::Selected { .. }
            | LabelDecision::Never { .. }
            | LabelDecision::NotNeeded => Answer::allowed(),
        }
    }
}

/// A Secret yet to be named is told by the prefix of its name.
fn meta(metadata: Metadata<'_>, namespace: &str) -> SecretMeta {
    let name = if metadata.name.is_empty() {
        metadata.generate_name
    } else {
        metadata.name
    };
    let labels: BTreeMap<_, _> = metadata
        .labels
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.to_owned(), value.into_owned()))
        .collect();
    SecretMeta {
        meta: Meta {
            name: name.into_owned(),
            namespace: namespace.to_owned(),
            labels,
            ..Meta::default()
        },
    }
}
