//! May the user do what a rule asks about?

use super::Lister;
use acm_backup_domain::names::{GROUP, GUARD_RULES};
use acm_backup_domain::snapshot::{Missing, Permission};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Whose permissions are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Whoever the client is.
    Myself,
    /// The user of a review.
    User(User),
}

/// A user as an AdmissionReview's `userInfo` describes one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// `username`
    pub name: String,
    /// `uid`
    pub uid: String,
    /// `groups`
    pub groups: Vec<String>,
    /// `extra`
    pub extra: BTreeMap<String, Vec<String>>,
}

/// Asks the API server's authorizer. What it could not evaluate (a binding to a role that is gone) is
/// a "no" there, and so it is here.
pub(super) async fn may(
    lister: &Lister,
    permission: &Permission,
    asker: &Asker,
) -> Result<bool, Missing> {
    let kind = match asker {
        Asker::Myself => "SelfSubjectAccessReview",
        Asker::User(_) => "SubjectAccessReview",
    };
    let plural = format!("{}s", kind.to_lowercase());
    let url = format!("/apis/authorization.k8s.io/v1/{plural}");
    let subject = lister.subject("create", &format!("{plural}.authorization.k8s.io"));
    let answer = lister
        .create(&url, &review(kind, permission, asker), &subject)
        .await?;
    answer
        .pointer("/status/allowed")
        .and_then(Value::as_bool)
        .ok_or_else(|| Missing::Failed {
            resource: subject.resource,
            why: "the answer has no status.allowed".to_owned(),
        })
}

fn review(kind: &str, permission: &Permission, asker: &Asker) -> Value {
    let mut spec = json!({
        "resourceAttributes": {
            "group": GROUP,
            "resource": GUARD_RULES,
            "verb": permission.verb,
            "name": permission.rule,
        }
    });
    if let (Asker::User(user), Some(fields)) = (asker, spec.as_object_mut()) {
        fields.insert("user".to_owned(), json!(user.name));
        fields.insert("uid".to_owned(), json!(user.uid));
        fields.insert("groups".to_owned(), json!(user.groups));
        fields.insert("extra".to_owned(), json!(user.extra));
    }
    json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec })
}

#[cfg(test)]
mod tests {
    use super::*;
    use acm_backup_domain::names::VERB_ATTEST;

    const PERMISSION: Permission = Permission {
        verb: VERB_ATTEST,
        rule: "restore/old-hub-live",
    };

    #[test]
    fn a_review_is_about_the_user_with_all_that_authorizers_look_at() {
        let user = User {
            name: "jane".into(),
            uid: "1".into(),
            groups: vec!["dr".into()],
            extra: [("scopes".to_owned(), vec!["user:full".to_owned()])].into(),
        };
        assert_eq!(
            review("SubjectAccessReview", &PERMISSION, &Asker::User(user)),
            json!({
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "spec": {
                    "resourceAttributes": {
                        "group": "acm-backup.dev", "resource": "guardrules",
                        "verb": "attest", "name": "restore/old-hub-live"
                    },
                    "user": "jane", "uid": "1", "groups": ["dr"], "extra": {"scopes": ["user:full"]}
                }
            })
        );
        let own = review("SelfSubjectAccessReview", &PERMISSION, &Asker::Myself);
        assert_eq!(own.pointer("/spec/user"), None);
    }
}
