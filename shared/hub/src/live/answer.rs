//! What a failed request says about the fact that was asked for.

use crate::kinds::Resource;
use crate::words::innermost;
use acm_backup_domain::snapshot::Missing;
use std::time::Duration;

/// What a request was about.
pub(crate) struct Subject {
    pub(crate) verb: String,
    pub(crate) resource: String,
    pub(crate) namespace: Option<String>,
    pub(crate) deadline: Duration,
}

impl Subject {
    pub(crate) fn new(
        verb: &str,
        resource: &Resource,
        namespace: &str,
        deadline: Duration,
    ) -> Self {
        Self {
            verb: verb.to_owned(),
            resource: resource.name.to_owned(),
            namespace: resource.scope(namespace),
            deadline,
        }
    }

    pub(super) fn timed_out(&self) -> Missing {
        Missing::TimedOut {
            resource: self.resource.clone(),
            seconds: self.deadline.into(),
        }
    }
}

/// Why the fact is missing.
pub(crate) fn missing(subject: &Subject, error: &kube::Error) -> Missing {
    match error {
        kube::Error::Api(status) => match status.code {
            401 => Missing::NoCluster {
                why: "it does not accept these credentials (401 Unauthorized)".to_owned(),
            },
            403 => Missing::Forbidden {
                verb: subject.verb.clone(),
                resource: subject.resource.clone(),
                namespace: subject.namespace.clone(),
            },
            404 => Missing::NoKind {
                resource: subject.resource.clone(),
            },
            _ => Missing::Failed {
                resource: subject.resource.clone(),
                why: status.message.clone(),
            },
        },
        kube::Error::Service(_)
        | kube::Error::HyperError(_)
        | kube::Error::Auth(_)
        | kube::Error::RustlsTls(_) => Missing::NoCluster {
            why: innermost(error),
        },
        other => Missing::Failed {
            resource: subject.resource.clone(),
            why: innermost(other),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;
    use kube::core::Status;

    fn of(code: u16, resource: &Resource) -> Missing {
        let status = Status::failure("message", "Reason").with_code(code);
        let subject = Subject::new("list", resource, "ns", Duration::from_secs(10));
        missing(&subject, &kube::Error::Api(status.boxed()))
    }

    #[test]
    fn each_refusal_says_what_it_is() {
        assert_eq!(
            of(403, &kinds::BACKUPS).to_string(),
            "forbidden: list backups.velero.io in namespace ns"
        );
        assert_eq!(
            of(403, &kinds::MANAGED_CLUSTERS).to_string(),
            "forbidden: list managedclusters.cluster.open-cluster-management.io"
        );
        assert!(matches!(of(404, &kinds::BACKUPS), Missing::NoKind { .. }));
        assert!(matches!(
            of(401, &kinds::BACKUPS),
            Missing::NoCluster { .. }
        ));
        assert!(matches!(of(500, &kinds::BACKUPS), Missing::Failed { .. }));
    }
}
