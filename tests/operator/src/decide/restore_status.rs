//! A Restore's status as the operator keeps it (operator-facts §1.2).

use serde_json::{Map, Value, json};

use crate::kinds::Kind;
use crate::object::text;
use crate::write::Write;

/// The status, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreStatus {
    /// Phase; empty before the first pass.
    pub phase: String,
    /// Message.
    pub message: String,
    /// Velero restore of the managed clusters.
    pub clusters: Option<String>,
    /// Velero restore of the resources.
    pub resources: Option<String>,
    /// Velero restore of the generic resources.
    pub generic: Option<String>,
    /// Velero restore of the credentials.
    pub credentials: Option<String>,
    /// What auto-import did.
    pub messages: Vec<String>,
    /// When it ended, or a sync cycle did.
    pub completed: Option<String>,
}

const NAMES: [&str; 4] = [
    "veleroManagedClustersRestoreName",
    "veleroResourcesRestoreName",
    "veleroGenericResourcesRestoreName",
    "veleroCredentialsRestoreName",
];

impl RestoreStatus {
    /// Reads a Restore's status.
    pub fn read(restore: &Value) -> Self {
        let field = |name: &str| {
            let text = text(restore, &format!("/status/{name}"));
            (!text.is_empty()).then(|| text.to_owned())
        };
        let [clusters, resources, generic, credentials] = NAMES.map(field);
        Self {
            phase: text(restore, "/status/phase").to_owned(),
            message: text(restore, "/status/lastMessage").to_owned(),
            clusters,
            resources,
            generic,
            credentials,
            messages: crate::object::list(restore, "/status/messages")
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            completed: field("completionTimestamp"),
        }
    }

    /// As JSON; fields without a value are left out.
    pub fn json(&self) -> Value {
        let mut status = Map::new();
        let mut field = |name: &str, value: Option<&String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                status.insert(name.to_owned(), json!(value));
            }
        };
        field("phase", Some(&self.phase));
        field("lastMessage", Some(&self.message));
        field("completionTimestamp", self.completed.as_ref());
        let names = [
            &self.clusters,
            &self.resources,
            &self.generic,
            &self.credentials,
        ];
        for (name, value) in NAMES.into_iter().zip(names) {
            field(name, value.as_ref());
        }
        if !self.messages.is_empty() {
            status.insert("messages".to_owned(), json!(self.messages));
        }
        Value::Object(status)
    }

    /// Sets phase and message.
    pub fn say(&mut self, phase: &str, message: impl Into<String>) {
        self.phase = phase.to_owned();
        self.message = message.into();
    }

    /// Whether nothing will be done for this Restore any more.
    pub fn is_terminal(&self) -> bool {
        matches!(self.phase.as_str(), "Finished" | "FinishedWithErrors")
    }

    /// The Velero restores the status names.
    pub fn tracked(&self) -> impl Iterator<Item = &str> {
        [
            &self.credentials,
            &self.resources,
            &self.generic,
            &self.clusters,
        ]
        .into_iter()
        .flatten()
        .map(String::as_str)
    }

    /// The write that stores it, unless nothing changes.
    pub fn write(&self, restore: &Value) -> Option<Write> {
        (*self != Self::read(restore))
            .then(|| Write::status(Kind::AcmRestore, restore, self.json()))
    }
}
