//! What a write of a Secret costs the hub while the webhook answers, is dead, or takes connections and never
//! answers.

use acm_backup_bed::Webhook;
use acm_backup_domain::upstream::object_label;
use anyhow::Result;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Writes of each sort.
const WRITES: usize = 5;

/// How the webhook is.
#[derive(Clone, Copy, Debug)]
pub enum State {
    /// It answers.
    Answers,
    /// Connections are refused.
    Dead,
    /// Connections are taken, and nothing comes back.
    Silent,
}

impl State {
    /// In the table's words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Dead => "dead",
            Self::Silent => "never answers",
        }
    }
}

/// The median of each sort of write in one state.
pub struct Row {
    /// What is written.
    pub write: &'static str,
    /// How long it took, by state.
    pub took: Vec<(State, Duration)>,
}

/// One sort of write.
struct Sort {
    name: &'static str,
    /// Labels the Secret is made with.
    labels: Value,
    /// What changes then; none where making it is what is measured.
    change: Option<Value>,
}

fn sorts() -> Vec<Sort> {
    let mine = json!({ object_label::BACKUP: "mine" });
    vec![
        Sort {
            name: "create, nothing says what it is",
            labels: Value::Null,
            change: None,
        },
        Sort {
            name: "create, says itself what it is",
            labels: json!({ object_label::AGENT_INSTALL_WATCH: "true" }),
            change: None,
        },
        Sort {
            name: "create, labelled already",
            labels: mine.clone(),
            change: None,
        },
        Sort {
            name: "update",
            labels: mine.clone(),
            change: Some(json!({ "stringData": { "value": "y" } })),
        },
        Sort {
            name: "update that takes the label away",
            labels: mine,
            change: Some(json!({ "metadata": { "labels": { object_label::BACKUP: null } } })),
        },
    ]
}

/// Measures all sorts in all states; the webhook answers again afterwards.
pub async fn measure(client: &Client, webhook: &Webhook) -> Result<Vec<Row>> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), "default");
    let mut rows: Vec<_> = sorts()
        .iter()
        .map(|sort| Row {
            write: sort.name,
            took: Vec::new(),
        })
        .collect();
    for state in [State::Answers, State::Dead, State::Silent] {
        match state {
            State::Answers => {}
            State::Dead => webhook.kill(),
            State::Silent => {
                webhook.start_again().await?;
                // Called once, so that there is a connection it goes silent on.
                write(&secrets, &sorts()[1]).await?;
                webhook
                    .replicas()
                    .iter()
                    .for_each(|one| one.process.pause());
            }
        }
        for (sort, row) in sorts().iter().zip(&mut rows) {
            let mut took = Vec::new();
            for _ in 0..WRITES {
                took.push(write(&secrets, sort).await?);
            }
            took.sort();
            row.took.push((state, took[WRITES / 2]));
        }
    }
    webhook
        .replicas()
        .iter()
        .for_each(|one| one.process.resume());
    Ok(rows)
}

/// Makes a Secret and changes it where that is what is measured; returns how long the measured part took.
async fn write(secrets: &Api<Secret>, sort: &Sort) -> Result<Duration> {
    let name = "measured-away";
    let secret = serde_json::from_value(json!({
        "metadata": { "name": name, "labels": sort.labels },
        "stringData": { "value": "x" },
    }))?;
    let start = Instant::now();
    secrets.create(&PostParams::default(), &secret).await?;
    let mut took = start.elapsed();
    if let Some(change) = &sort.change {
        let start = Instant::now();
        let patch = Patch::Merge(change);
        secrets.patch(name, &PatchParams::default(), &patch).await?;
        took = start.elapsed();
    }
    secrets.delete(name, &DeleteParams::default()).await?;
    Ok(took)
}
