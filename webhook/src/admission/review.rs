//! Reading an AdmissionReview without copying what we do not need.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::skipped::{Claims, Texts};
use super::text;

/// The only version this webhook is registered for.
pub const API_VERSION: &str = "admission.k8s.io/v1";
/// The only kind.
pub const KIND: &str = "AdmissionReview";

/// What was asked. Borrows from the body; objects stay unparsed text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a> {
    /// Identifies the call; the answer must repeat it.
    #[serde(borrow, deserialize_with = "text::uid")]
    pub uid: Cow<'a, str>,
    /// Kind of the object, as registered (the API server converts to it).
    #[serde(borrow)]
    pub kind: Kind<'a>,
    /// Resource of the object, as registered.
    #[serde(borrow)]
    pub resource: Resource<'a>,
    /// `status`, `scale`, ...; empty for the object itself.
    #[serde(borrow, default, deserialize_with = "text::sub_resource")]
    pub sub_resource: Cow<'a, str>,
    /// Name; empty on a create with `generateName`.
    #[serde(borrow, default, deserialize_with = "text::name")]
    pub name: Cow<'a, str>,
    /// Namespace; empty for cluster-scoped objects.
    #[serde(borrow, default, deserialize_with = "text::namespace")]
    pub namespace: Cow<'a, str>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    #[serde(borrow, deserialize_with = "text::operation")]
    pub operation: Cow<'a, str>,
    /// Who asks.
    #[serde(borrow, default)]
    pub user_info: User<'a>,
    /// The object as it would be stored.
    #[serde(borrow, default)]
    pub object: Option<&'a RawValue>,
    /// The object as it is stored, on updates.
    #[serde(borrow, default)]
    pub old_object: Option<&'a RawValue>,
    /// Nothing will be stored.
    #[serde(default)]
    pub dry_run: Option<bool>,
}

/// Group, version and kind.
#[derive(Deserialize)]
pub struct Kind<'a> {
    /// API group, empty for core.
    #[serde(borrow, default, deserialize_with = "text::of_kind")]
    pub group: Cow<'a, str>,
    /// API version.
    #[serde(borrow, default, deserialize_with = "text::of_kind")]
    pub version: Cow<'a, str>,
    /// Kind.
    #[serde(borrow, default, deserialize_with = "text::of_kind")]
    pub kind: Cow<'a, str>,
}

/// Group, version and resource.
#[derive(Deserialize)]
pub struct Resource<'a> {
    /// API group, empty for core.
    #[serde(borrow, default, deserialize_with = "text::of_kind")]
    pub group: Cow<'a, str>,
    /// API version.
    #[serde(borrow, default, deserialize_with = "text::of_kind")]
    pub version: Cow<'a, str>,
    /// Plural name.
    #[serde(borrow, default, deserialize_with = "text::of_kind")]
    pub resource: Cow<'a, str>,
}

/// Who asks, as the API server authenticated it. Groups and claims are as many as an identity provider likes:
/// they are handed on as they stand, to the authorizer that asks for them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct User<'a> {
    /// User name.
    #[serde(borrow, default, deserialize_with = "text::username")]
    pub username: Cow<'a, str>,
    /// Uid, empty for most users.
    #[serde(borrow, default, deserialize_with = "text::user_uid")]
    pub uid: Cow<'a, str>,
    /// Groups, a list of texts.
    #[serde(borrow, default)]
    pub groups: Option<&'a RawValue>,
    /// Extra claims, which an authorizer may look at: a map of lists of texts.
    #[serde(borrow, default)]
    pub extra: Option<&'a RawValue>,
}

impl User<'_> {
    fn check(&self) -> Result<(), Malformed> {
        for (field, raw) in [(GROUPS, self.groups), (EXTRA, self.extra)] {
            if raw.is_some_and(|raw| raw.get().len() > CLAIMS) {
                return Err(Malformed::TooLong {
                    field,
                    most: CLAIMS,
                });
            }
        }
        let groups = self
            .groups
            .map(|raw| serde_json::from_str::<Texts>(raw.get()));
        let extra = self
            .extra
            .map(|raw| serde_json::from_str::<Claims>(raw.get()));
        match (groups.transpose(), extra.transpose()) {
            (Ok(_), Ok(_)) => Ok(()),
            (Err(_), _) => Err(Malformed::OtherType { field: GROUPS }),
            (_, Err(_)) => Err(Malformed::OtherType { field: EXTRA }),
        }
    }
}

const GROUPS: &str = "request.userInfo.groups";
const EXTRA: &str = "request.userInfo.extra";

/// The most of either that is handed on. An API server takes no larger request in which they could come.
const CLAIMS: usize = 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "text::envelope")]
    api_version: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text::envelope")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    request: Option<Request<'a>>,
}

/// Why a body is not a review. Texts never repeat the body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Not JSON, or JSON of another shape.
    #[error("the body is not an AdmissionReview: {what} at line {line} column {column}")]
    Unreadable {
        /// What kind of fault.
        what: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A text that is longer than any real one.
    #[error(
        "{field} of the AdmissionReview is longer than {most} bytes, the most that is read of it"
    )]
    TooLong {
        /// Where it is.
        field: &'static str,
        /// How long it may be.
        most: usize,
    },
    /// A part that is handed on and is not what it should be.
    #[error("{field} of the AdmissionReview is of another type")]
    OtherType {
        /// Where it is.
        field: &'static str,
    },
    /// Another version or kind.
    #[error(
        "the body is not an AdmissionReview of admission.k8s.io/v1, the only one this webhook is registered for (admissionReviewVersions: [v1])"
    )]
    OtherKind,
    /// No request inside.
    #[error("the AdmissionReview has no request")]
    NoRequest,
    /// No uid to answer to.
    #[error("the AdmissionReview's request has no uid")]
    NoUid,
}

/// Reads the review in `body`.
///
/// # Errors
/// When the body is no AdmissionReview of `admission.k8s.io/v1` with a request.
pub fn read(body: &[u8]) -> Result<Request<'_>, Malformed> {
    let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(|error| {
        // serde's own text quotes the value it did not expect, which may be part of a Secret.
        text::too_long(&error).unwrap_or_else(|| Malformed::Unreadable {
            what: fault(&error),
            line: error.line(),
            column: error.column(),
        })
    })?;
    if envelope.api_version != API_VERSION || envelope.kind != KIND {
        return Err(Malformed::OtherKind);
    }
    let request = envelope.request.ok_or(Malformed::NoRequest)?;
    if request.uid.is_empty() {
        return Err(Malformed::NoUid);
    }
    request.user_info.check()?;
    Ok(request)
}

/// The kind of fault without the words around it.
#[must_use]
pub fn fault(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a field is missing or of another type",
        serde_json::error::Category::Io => "it cannot be read",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> String {
        match read(body.as_bytes()) {
            Ok(_) => panic!("read {body}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_malformed_body_gets_its_own_sentence() {
        let v1 = r#""apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview""#;
        let rows = [
            (String::new(), "ends too early"),
            ("not json".to_owned(), "it is not JSON"),
            ("[1,2]".to_owned(), "a field is missing or of another type"),
            ("{}".to_owned(), "admissionReviewVersions"),
            (
                r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#.to_owned(),
                "admissionReviewVersions",
            ),
            (format!("{{{v1}}}"), "has no request"),
            (format!("{{{v1},\"request\":null}}"), "has no request"),
            (
                format!("{{{v1},\"request\":{{\"uid\":\"u\"}}}}"),
                "a field is missing or of another type",
            ),
            (
                format!(
                    "{{{v1},\"request\":{{\"uid\":\"\",\"kind\":{{}},\"resource\":{{}},\"operation\":\"CREATE\"}}}}"
                ),
                "no uid",
            ),
        ];
        for (body, expected) in rows {
            let text = refused(&body);
            assert!(text.contains(expected), "{body}: {text}");
        }
    }

    #[test]
    fn a_text_longer_than_any_real_one_is_named_and_not_kept() {
        let long = "\\n".repeat(600_000);
        for (field, part) in [
            ("request.uid", format!(r#""uid":"{long}""#)),
            ("request.name", format!(r#""uid":"u","name":"{long}""#)),
            (
                "request.namespace",
                format!(r#""uid":"u","namespace":"{long}""#),
            ),
            (
                "request.operation",
                format!(r#""uid":"u","operation":"{long}""#),
            ),
            (
                "request.kind and request.resource",
                format!(r#""uid":"u","kind":{{"group":"{long}"}}"#),
            ),
            (
                "request.userInfo.username",
                format!(r#""uid":"u","userInfo":{{"username":"{long}"}}"#),
            ),
            (
                "request.userInfo.groups",
                format!(
                    r#""uid":"u","kind":{{}},"resource":{{}},"operation":"CREATE","userInfo":{{"groups":["{long}"]}}"#
                ),
            ),
            (
                "request.userInfo.extra",
                format!(
                    r#""uid":"u","kind":{{}},"resource":{{}},"operation":"CREATE","userInfo":{{"extra":{{"a":["{long}"]}}}}"#
                ),
            ),
        ] {
            let body =
                format!(r#"{{"apiVersion":"{API_VERSION}","kind":"{KIND}","request":{{{part}}}}}"#);
            let text = refused(&body);
            assert!(
                text.starts_with(field) && text.contains("longer than"),
                "{field}: {text}"
            );
        }
    }

    #[test]
    fn groups_and_claims_are_texts() {
        for (field, user) in [
            ("groups", r#"{"groups":[1]}"#),
            ("groups", r#"{"groups":{"a":"b"}}"#),
            ("extra", r#"{"extra":["a"]}"#),
            ("extra", r#"{"extra":{"a":"b"}}"#),
            ("extra", r#"{"extra":{"a":[[]]}}"#),
        ] {
            let text = refused(&format!(
                r#"{{"apiVersion":"{API_VERSION}","kind":"{KIND}","request":{{"uid":"u","kind":{{}},"resource":{{}},"operation":"CREATE","userInfo":{user}}}}}"#
            ));
            assert!(
                text.contains(field) && text.contains("another type"),
                "{user}: {text}"
            );
        }
    }

    #[test]
    fn a_fault_never_repeats_what_was_sent() {
        let text = refused(
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":"canary-5f1c"}"#,
        );
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn nesting_without_end_is_a_fault_not_a_crash() {
        let body = format!("{{\"apiVersion\":{}", "[".repeat(200_000));
        refused(&body);
        let deep = format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","kind":{{}},"resource":{{}},"operation":"CREATE","object":{}{}}}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        // Skipped over or refused, either is an answer.
        let _ = read(deep.as_bytes()).is_ok();
    }
}
