//! May the user do what a rule asks about?

use super::Lister;
use acm_backup_domain::names::{GROUP, GUARD_RULES};
use acm_backup_domain::snapshot::{Missing, Permission};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Whose permissions are meant.
#[derive(Clone, Debug)]
pub enum Asker<'a> {
    /// Whoever the client is.
    Myself,
    /// The user of a review.
    User(User<'a>),
}

/// A user as an AdmissionReview's `userInfo` describes one. Groups and claims are handed on as they stand: they
/// may be many.
#[derive(Clone, Debug, Default)]
pub struct User<'a> {
    /// `username`
    pub name: &'a str,
    /// `uid`
    pub uid: &'a str,
    /// `groups`, a JSON list of texts.
    pub groups: Option<&'a RawValue>,
    /// `extra`, a JSON map of lists of texts.
    pub extra: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    api_version: &'static str,
    kind: &'static str,
    spec: Spec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    resource_attributes: Attributes<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Attributes<'a> {
    group: &'static str,
    resource: &'static str,
    verb: &'a str,
    name: &'a str,
}

/// Asks the API server's authorizer. What it could not evaluate (a binding to a role that is gone) is
/// a "no" there, and so it is here.
pub(super) async fn may(
    lister: &Lister,
    permission: &Permission,
    asker: &Asker<'_>,
) -> Result<bool, Missing> {
    let kind = match asker {
        Asker::Myself => "SelfSubjectAccessReview",
        Asker::User(_) => "SubjectAccessReview",
    };
    let plural = format!("{}s", kind.to_lowercase());
    let url = format!("/apis/authorization.k8s.io/v1/{plural}");
    let subject = lister.subject("create", &format!("{plural}.authorization.k8s.io"));
    let answer = lister
        .create(&url, review(kind, permission, asker), &subject)
        .await?;
    answer
        .pointer("/status/allowed")
        .and_then(Value::as_bool)
        .ok_or_else(|| Missing::Failed {
            resource: subject.resource,
            why: "the answer has no status.allowed".to_owned(),
        })
}

fn review(
    kind: &'static str,
    permission: &Permission,
    asker: &Asker<'_>,
) -> serde_json::Result<Vec<u8>> {
    let user = match asker {
        Asker::Myself => None,
        Asker::User(user) => Some(user),
    };
    let review = Review {
        api_version: "authorization.k8s.io/v1",
        kind,
        spec: Spec {
            resource_attributes: Attributes {
                group: GROUP,
                resource: GUARD_RULES,
                verb: permission.verb,
                name: permission.rule,
            },
            user: user.map(|user| user.name),
            uid: user.map(|user| user.uid),
            groups: user.and_then(|user| user.groups),
            extra: user.and_then(|user| user.extra),
        },
    };
    let raw = |raw: Option<&RawValue>| raw.map_or(0, |raw| raw.get().len());
    let of_user = user.map_or(0, |user| {
        raw(user.groups)
            .saturating_add(raw(user.extra))
            .saturating_add(user.name.len())
    });
    // Made once, of the size it has.
    let mut text = Vec::with_capacity(of_user.saturating_add(1024));
    serde_json::to_writer(&mut text, &review)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use acm_backup_domain::names::VERB_ATTEST;
    use serde_json::json;

    const PERMISSION: Permission = Permission {
        verb: VERB_ATTEST,
        rule: "restore/old-hub-live",
    };

    #[test]
    fn a_review_is_about_the_user_with_all_that_authorizers_look_at() {
        let groups: Box<RawValue> = serde_json::from_str(r#"["dr"]"#).unwrap();
        let extra: Box<RawValue> = serde_json::from_str(r#"{"scopes": ["user:full"]}"#).unwrap();
        let user = User {
            name: "jane",
            uid: "1",
            groups: Some(&groups),
            extra: Some(&extra),
        };
        let sent = |kind, asker| -> Value {
            serde_json::from_slice(&review(kind, &PERMISSION, &asker).unwrap()).unwrap()
        };
        assert_eq!(
            sent("SubjectAccessReview", Asker::User(user)),
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
        let own = sent("SelfSubjectAccessReview", Asker::Myself);
        assert_eq!(own.pointer("/spec/user"), None);
    }
}
