//! `/mutate`: does this Secret need the backup label?

use std::net::IpAddr;
use std::sync::Arc;

use acm_backup_domain::labels::referrers::Labelled;
use acm_backup_domain::labels::{self, Hub, LabelDecision, Labels, Subject};
use acm_backup_domain::upstream::object_label;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::admission::answer::Answer;
use crate::admission::endpoint::Judge;
use crate::admission::object::{self, Metadata};
use crate::admission::patch::AddLabel;
use crate::admission::review::Request;
use crate::watch::local_clusters::LocalClusters;
use crate::watch::referrers::Referrers;

/// Decides from the review and the watched references alone: no call is made on this path.
pub struct Label {
    /// Who refers to which Secret.
    pub referrers: Arc<Referrers>,
    /// Which clusters are the hub.
    pub local_clusters: Arc<LocalClusters>,
}

impl Judge for Label {
    fn judge(
        self: Arc<Self>,
        request: &Request<'_>,
        _: Option<IpAddr>,
        _: Instant,
    ) -> BoxFuture<'static, Answer> {
        ready(self.decide(request)).boxed()
    }
}

impl Labels for Metadata<'_> {
    fn label(&self, key: &str) -> Option<&str> {
        Some(self.labels.as_ref()?.get(key)?)
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
        let unreadable = || Answer {
            decision: "unreadable",
            ..Answer::allowed()
        };
        let Ok(secret) = object::secret(raw) else {
            return unreadable();
        };
        let metadata = secret.metadata;
        let subject = Subject {
            what: Labelled::Secret,
            namespace: &request.namespace,
            // One yet to be named is told by the prefix of its name.
            name: match metadata.name.is_empty() {
                true => &metadata.generate_name,
                false => &metadata.name,
            },
            labels: &metadata,
        };
        let local_clusters = self.local_clusters.fact(Timestamp::now());
        let before = request.old_object.map(object::secret);
        let decision = self.referrers.with_references(|references| {
            let hub = Hub {
                references,
                local_clusters: &local_clusters,
            };
            match &before {
                Some(Ok(before)) => labels::decide_update(&before.metadata, &subject, &hub),
                Some(Err(_)) | None => labels::decide(&subject, &hub),
            }
        });
        let patch = |value: &str| AddLabel {
            key: object_label::BACKUP.to_owned(),
            value: value.to_owned(),
            has_labels: metadata.labels.is_some(),
        };
        match decision {
            LabelDecision::Label { value, because } => {
                let value = value.as_str();
                let mut answer = Answer::labelled(format!("label/{value}"), patch(value));
                answer.audit.insert("because", because);
                answer
            }
            LabelDecision::PutBack {
                lost,
                value,
                because,
            } => {
                let mut answer = Answer::labelled("label/put-back", patch(&value));
                answer
                    .warnings
                    .push(labels::put_back_warning(lost, &value, &because));
                answer.audit.insert("because", because);
                answer
            }
            LabelDecision::Selected { .. }
            | LabelDecision::Never { .. }
            | LabelDecision::NotNeeded => Answer::allowed(),
        }
    }
}
