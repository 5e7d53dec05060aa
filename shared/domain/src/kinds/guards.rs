//! Our own ValidatingWebhookConfiguration (`admissionregistration.k8s.io/v1`): what the API server does with a
//! Restore when it is to ask the guards.

use super::Kind;
use crate::names;
use serde_json::Value;

/// The guards as they are installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    /// One for each kind of request.
    pub entries: Vec<Entry>,
}

/// For which requests they are asked, and what becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether it refuses: what the guards object to, or what they could not be asked about.
    pub armed: bool,
    /// Whether it refuses where nobody answers.
    pub fails_closed: bool,
    /// Whether it is only asked where the webhook is installed ([`names::INSTALLED_CONDITION`]).
    pub if_installed: bool,
}

impl Guards {
    /// Whether anything is refused.
    pub fn are_armed(&self) -> bool {
        self.entries.iter().any(|entry| entry.armed)
    }

    /// Whether anything is refused where nobody answers.
    pub fn fail_closed(&self) -> bool {
        self.entries.iter().any(|entry| entry.fails_closed)
    }

    /// Whether something that should be refused passes where the webhook lacks the right it is known by.
    pub fn need_the_right(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.armed && entry.if_installed)
    }
}

impl Kind for Guards {
    fn read(object: &Value) -> Self {
        let entries = object.get("webhooks").and_then(Value::as_array);
        Self {
            entries: entries.into_iter().flatten().map(entry).collect(),
        }
    }
}

fn entry(webhook: &Value) -> Entry {
    let text = |path: &str| webhook.pointer(path).and_then(Value::as_str);
    let conditions = webhook.get("matchConditions").and_then(Value::as_array);
    // What is not said is Fail, to an API server.
    let fails_closed = text("/failurePolicy") != Some("Ignore");
    Entry {
        fails_closed,
        armed: fails_closed
            || text("/clientConfig/service/path")
                .is_some_and(|path| path.starts_with(names::PATH_DENY)),
        if_installed: conditions.into_iter().flatten().any(|condition| {
            condition.get("name").and_then(Value::as_str) == Some(names::INSTALLED_CONDITION)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn armed_is_what_refuses_by_its_path_or_by_silence() {
        let read = |webhooks: Value| Guards::read(&json!({ "webhooks": webhooks }));
        let at = |path: &str, policy: &str| json!({ "failurePolicy": policy, "clientConfig": { "service": { "path": path } } });
        assert!(!read(json!([at("/validate/warn", "Ignore")])).are_armed());
        assert!(read(json!([at("/validate/deny/if", "Ignore")])).are_armed());
        assert!(read(json!([at("/validate/warn", "Fail")])).are_armed());
        assert!(read(json!([{}])).are_armed(), "the default is Fail");
        assert!(read(json!([{}])).fail_closed());
        assert!(!read(json!([at("/validate/deny/if", "Ignore")])).fail_closed());
        let one_of_two = json!([at("/validate/warn", "Ignore"), at("/validate/deny", "Fail")]);
        assert!(read(one_of_two).are_armed());
        for nothing in [json!([]), Value::Null, json!("x")] {
            assert!(!read(nothing).are_armed());
        }
    }

    #[test]
    fn only_an_armed_entry_with_the_condition_needs_the_right() {
        let entry = |policy: &str, condition: &str| {
            Guards::read(&json!({ "webhooks": [{
                "failurePolicy": policy, "matchConditions": [{ "name": condition }],
            }] }))
        };
        assert!(entry("Fail", "is-installed").need_the_right());
        assert!(!entry("Fail", "spec-changes").need_the_right());
        assert!(!entry("Ignore", "is-installed").need_the_right());
    }
}
