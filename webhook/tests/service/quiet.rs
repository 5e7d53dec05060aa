//! Nothing of an object is ever logged, however much is asked to be.

use std::io::Write;
use std::sync::{Arc, Mutex};

use acm_backup_webhook::admission::endpoint::Judge;
use acm_backup_webhook::log;
use serde_json::json;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use crate::caller::{Caller, secret_review};
use crate::running::{Always, Running, Setup};

const CANARY: &str = "canary-3f9d1c77";

#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Captured {
    /// What is logged on this thread from now on, while the guard is held.
    pub fn from_now(level: &str) -> (Self, DefaultGuard) {
        let captured = Self::default();
        let subscriber = log::subscriber(level, captured.clone()).unwrap();
        (captured, tracing::subscriber::set_default(subscriber))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Reviews with the canary in every place an object has for it.
fn bodies() -> Vec<String> {
    let data = json!({
        "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": CANARY}},
        "data": {"password": CANARY}, "stringData": {"password": CANARY},
    });
    let mut update = secret_review("update", data.clone());
    update["request"]["oldObject"] = update["request"]["object"].clone();
    let mut misshapen = secret_review("misshapen", data.clone());
    misshapen["request"]["object"]["metadata"]["labels"] = json!(CANARY);
    let mut bare = secret_review("bare", data.clone());
    bare["request"]["object"] = json!(CANARY);
    let mut broken = secret_review("broken", data.clone());
    broken["request"]["uid"] = json!([CANARY]);
    let mut cut = secret_review("cut", data.clone()).to_string();
    cut.truncate(cut.len() - 5);
    vec![
        secret_review("create", data).to_string(),
        update.to_string(),
        misshapen.to_string(),
        bare.to_string(),
        broken.to_string(),
        cut,
        format!("{{\"apiVersion\": \"{CANARY}\"}}"),
        CANARY.to_owned(),
    ]
}

#[tokio::test]
async fn no_part_of_a_secret_reaches_the_log_or_an_answer() {
    let (captured, _guard) = Captured::from_now("trace");
    let panicking: Arc<dyn Judge> = Arc::new(Always(|| panic!("no")));
    for guard in [Setup::default().guard, panicking] {
        let running = Running::start(Setup {
            guard,
            ..Setup::default()
        })
        .await;
        for path in ["/mutate", "/validate/deny"] {
            for body in bodies() {
                let reply = Caller::connect(&running).await.post(path, body).await;
                assert!(!reply.text.contains(CANARY), "{path}: {}", reply.text);
            }
        }
        assert!(!running.exported().contains(CANARY));
    }
    let logged = captured.text();
    assert!(!logged.contains(CANARY), "{logged}");
    let review = logged
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .find(|line| line["uid"] == "create")
        .unwrap();
    for (key, value) in [
        ("resource", json!("secrets")),
        ("namespace", json!("cluster-1")),
        ("name", json!("pull-secret")),
        ("operation", json!("CREATE")),
        ("user", json!("kubernetes-admin")),
        ("decision", json!("allowed")),
        ("rule", json!("none")),
        ("dry_run", json!(false)),
    ] {
        assert_eq!(review[key], value, "{key}");
    }
    assert!(review["ms"].is_number());
}

#[test]
fn a_log_line_holds_nothing_a_terminal_obeys_and_means_the_same() {
    let captured = Captured::default();
    let hostile = "x\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\u{200b}\u{2028}y";
    let subscriber = log::subscriber("info", captured.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, || tracing::info!(name = hostile, "seen"));
    let text = captured.text();
    assert!(
        !text
            .trim_end()
            .contains(acm_backup_domain::printable::is_obeyed),
        "{text:?}"
    );
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["name"], hostile);
}
