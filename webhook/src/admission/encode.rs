//! Writing the answer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use acm_backup_domain::printable;
use serde::Serialize;

use super::answer::{Answer, Verdict};
use super::endpoint::Hook;
use super::review::{API_VERSION, KIND};

/// Longest warning kubectl is sent in one piece; API servers cut longer ones when there are many.
pub const WARNING_LENGTH: usize = 120;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<&'static str, Cow<'a, str>>,
}

#[derive(Serialize)]
struct Status<'a> {
    code: u16,
    reason: &'static str,
    message: Cow<'a, str>,
}

/// The AdmissionReview that answers request `uid`.
///
/// All that is said in it is made printable here, whatever the objects it speaks of hold: it ends on somebody's
/// terminal and in the audit log.
///
/// A patch and its type appear together or not at all, and never in a validating hook's answer: API
/// servers take either for a failed call.
///
/// # Errors
/// Never in practice: strings and maps of strings always become JSON.
pub fn encode(uid: &str, hook: Hook, answer: &Answer) -> Result<Vec<u8>, serde_json::Error> {
    let patch = match hook {
        Hook::Mutate => answer.patch.as_ref(),
        Hook::Validate => None,
    };
    let status = match &answer.verdict {
        Verdict::Allowed => None,
        Verdict::Denied {
            code,
            reason,
            message,
        } => Some(Status {
            code: *code,
            reason,
            message: printable::block(message),
        }),
    };
    serde_json::to_vec(&Envelope {
        api_version: API_VERSION,
        kind: KIND,
        response: Response {
            uid,
            allowed: status.is_none(),
            patch_type: patch.map(|_| "JSONPatch"),
            patch: status
                .is_none()
                .then(|| patch.map(super::patch::AddLabel::encoded))
                .flatten(),
            status,
            warnings: answer.warnings.iter().flat_map(|w| pieces(w)).collect(),
            audit_annotations: answer
                .audit
                .iter()
                .map(|(key, value)| (*key, printable::line(value)))
                .collect(),
        },
    })
}

/// Breaks a warning at spaces into pieces of at most [`WARNING_LENGTH`] characters. Line breaks end a
/// piece as well: a warning travels in a header.
fn pieces(warning: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for line in printable::block(warning).lines() {
        let mut piece = String::new();
        for word in line.split_whitespace() {
            let mut rest = word;
            while !rest.is_empty() {
                let gap = usize::from(!piece.is_empty());
                let used = piece.chars().count().saturating_add(gap);
                let length = rest.chars().count();
                if used.saturating_add(length) <= WARNING_LENGTH {
                    if gap == 1 {
                        piece.push(' ');
                    }
                    piece.push_str(rest);
                    break;
                }
                if !piece.is_empty() {
                    pieces.push(std::mem::take(&mut piece));
                    continue;
                }
                // One word longer than a piece: cut it, at a character.
                let cut = rest
                    .char_indices()
                    .nth(WARNING_LENGTH)
                    .map_or(rest.len(), |(at, _)| at);
                let (head, tail) = rest.split_at(cut);
                pieces.push(head.to_owned());
                rest = tail;
            }
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::patch::AddLabel;
    use serde_json::{Value, json};

    fn sent(hook: Hook, answer: &Answer) -> Value {
        serde_json::from_slice(&encode("u-1", hook, answer).unwrap()).unwrap()
    }

    fn label() -> AddLabel {
        AddLabel {
            key: "k".to_owned(),
            value: "v".to_owned(),
            has_labels: true,
        }
    }

    #[test]
    fn nothing_to_say_is_the_smallest_answer() {
        assert_eq!(
            sent(Hook::Mutate, &Answer::allowed()),
            json!({
                "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                "response": {"uid": "u-1", "allowed": true}
            })
        );
    }

    #[test]
    fn patch_and_type_go_together_and_only_from_the_mutating_hook() {
        let answer = Answer::labelled("label/msa", label());
        let mutating = sent(Hook::Mutate, &answer);
        assert_eq!(mutating["response"]["patchType"], "JSONPatch");
        assert_eq!(mutating["response"]["patch"], label().encoded());
        let validating = sent(Hook::Validate, &answer);
        assert_eq!(validating["response"].get("patchType"), None);
        assert_eq!(validating["response"].get("patch"), None);
    }

    #[test]
    fn a_denial_is_403_forbidden_and_names_its_rule() {
        let answer = Answer::denied("restore/another-active", Verdict::forbidden("no"));
        let sent = sent(Hook::Validate, &answer);
        assert_eq!(
            sent["response"],
            json!({
                "uid": "u-1", "allowed": false,
                "status": {"code": 403, "reason": "Forbidden", "message": "no"},
                "auditAnnotations": {"decision": "denied", "rule": "restore/another-active"}
            })
        );
    }

    #[test]
    fn long_warnings_are_split_and_lose_nothing() {
        let words = (0..60)
            .map(|n| format!("word{n}"))
            .collect::<Vec<_>>()
            .join(" ");
        let text = format!("{words}\n{}", "é".repeat(300));
        let parts = pieces(&text);
        assert!(parts.iter().all(|p| p.chars().count() <= WARNING_LENGTH));
        let joined: String = parts.concat().replace(' ', "");
        assert_eq!(joined, text.replace([' ', '\n'], ""));
    }

    #[test]
    fn nothing_in_it_is_obeyed_by_a_terminal() {
        let hostile = "x\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\u{200b}\u{2028}y\r";
        let mut refused = Answer::denied("restore/another-active", Verdict::forbidden(hostile));
        refused.warnings = vec![hostile.to_owned(), format!("{}{hostile}", "w".repeat(115))];
        refused.audit.insert("finding", format!("a\n{hostile}"));
        let sent = sent(Hook::Validate, &refused).to_string();
        let value: Value = serde_json::from_str(&sent).unwrap();
        let mut told = vec![value["response"]["status"]["message"].to_string()];
        told.extend(
            value["response"]["warnings"]
                .as_array()
                .unwrap()
                .iter()
                .map(Value::to_string),
        );
        told.push(value["response"]["auditAnnotations"]["finding"].to_string());
        assert_eq!(told.len(), 5, "{told:?}");
        for text in told {
            let text: String = serde_json::from_str(&text).unwrap();
            assert!(!text.contains(printable::is_obeyed), "{text:?}");
        }
    }

    #[test]
    fn audit_keys_are_lower_case() {
        for answer in [
            Answer::labelled("label/msa", label()),
            Answer::denied("restore/another-active", Verdict::forbidden("no")),
        ] {
            assert!(answer.audit.keys().all(|k| *k == k.to_lowercase()));
        }
    }
}
