//! What a judgement looks like when it arrives.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use acm_backup_webhook::admission::answer::{Answer, Verdict};
use acm_backup_webhook::admission::endpoint::Judge;
use acm_backup_webhook::admission::patch::AddLabel;
use acm_backup_webhook::admission::review::Request;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::caller::{Caller, restore_review, secret_review};
use crate::running::{Always, Held, Running, Setup};

fn both(judge: impl Judge) -> Setup {
    let judge: Arc<dyn Judge> = Arc::new(judge);
    Setup {
        labeller: Arc::clone(&judge),
        guard: judge,
        ..Setup::default()
    }
}

async fn answers(running: &Running, query: &str) -> (Value, Value) {
    let mut caller = Caller::connect(running).await;
    let secret = secret_review("uid-m", json!({})).to_string();
    let mutate = caller.post(&format!("/mutate{query}"), secret).await;
    let restore = restore_review("uid-v").to_string();
    let validate = caller
        .post(&format!("/validate/deny{query}"), restore)
        .await;
    assert_eq!(
        (mutate.status.as_u16(), validate.status.as_u16()),
        (200, 200)
    );
    (mutate.json(), validate.json())
}

#[tokio::test]
async fn a_denial_carries_uid_code_reason_and_rule() {
    let deny = || Answer::denied("restore/another-active", Verdict::forbidden("because"));
    let running = Running::start(both(Always(deny))).await;
    let (_, validate) = answers(&running, "?timeout=5s").await;
    assert_eq!(
        validate,
        json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "response": {
                "uid": "uid-v", "allowed": false,
                "status": {"code": 403, "reason": "Forbidden", "message": "because"},
                "auditAnnotations": {"decision": "denied", "rule": "restore/another-active"},
            }
        })
    );
    let counted = r#"reviews_total{hook="guard",rule="restore/another-active",operation="CREATE",decision="denied"} 1"#;
    assert!(
        running.exported().contains(counted),
        "{}",
        running.exported()
    );
}

#[tokio::test]
async fn a_patch_comes_with_its_type_from_mutate_and_never_from_validate() {
    let label = || {
        Answer::labelled(
            "label/msa",
            AddLabel {
                key: "cluster.open-cluster-management.io/backup".to_owned(),
                value: "msa".to_owned(),
                has_labels: false,
            },
        )
    };
    let running = Running::start(both(Always(label))).await;
    let (mutate, validate) = answers(&running, "").await;
    assert_eq!(mutate["response"]["patchType"], "JSONPatch");
    assert!(mutate["response"]["patch"].is_string());
    assert_eq!(validate["response"].get("patch"), None);
    assert_eq!(validate["response"].get("patchType"), None);
}

#[tokio::test]
async fn a_panic_is_counted_and_answered_by_direction() {
    let running = Running::start(both(Always(|| panic!("the handler's own fault")))).await;
    let (mutate, validate) = answers(&running, "").await;
    assert_eq!(mutate["response"]["uid"], "uid-m");
    assert_eq!(mutate["response"]["allowed"], true);
    assert_eq!(validate["response"]["uid"], "uid-v");
    assert_eq!(validate["response"]["allowed"], false);
    assert_eq!(validate["response"]["status"]["code"], 500);
    assert!(!validate.to_string().contains("own fault"), "{validate}");
    assert!(running.exported().contains("webhook_panics_total 2"));
    // And the connection is as good as before.
    answers(&running, "").await;
}

/// Never answers.
struct Forever;

impl Judge for Forever {
    fn judge(
        self: Arc<Self>,
        _: &Request<'_>,
        _: Option<IpAddr>,
        _: Instant,
    ) -> BoxFuture<'static, Answer> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn what_takes_too_long_is_answered_by_direction_before_the_caller_gives_up() {
    let running = Running::start(both(Forever)).await;
    let call = answers(&running, "?timeout=200ms");
    let (mutate, validate) = tokio::time::timeout(Duration::from_secs(60), call)
        .await
        .unwrap();
    assert_eq!(mutate["response"]["allowed"], true);
    assert_eq!(validate["response"]["allowed"], false);
    let message = validate["response"]["status"]["message"].as_str().unwrap();
    assert!(message.contains("took too long"), "{message}");
}

#[tokio::test]
async fn reviews_beyond_the_bound_are_turned_away_within_their_time() {
    let held = Arc::new(Held::default());
    let running = Running::start(Setup {
        concurrency: 1,
        guard: Arc::clone(&held) as Arc<dyn Judge>,
        ..Setup::default()
    })
    .await;
    let mut first = Caller::connect(&running).await;
    let mut second = Caller::connect(&running).await;
    let review = restore_review("u").to_string();
    let long = review.clone();
    let first = tokio::spawn(async move { first.post("/validate/deny", long).await });
    let _ = held.entered.acquire().await.unwrap();
    let turned_away = second.post("/validate/deny?timeout=100ms", review).await;
    // It is there, so it is answered as a review, by the direction of its registration.
    let turned_away = turned_away.json();
    assert_eq!(turned_away["response"]["uid"], "u");
    assert_eq!(turned_away["response"]["allowed"], false);
    let message = turned_away["response"]["status"]["message"]
        .as_str()
        .unwrap();
    assert!(
        message.contains("too many reviews") && message.contains("try again"),
        "{message}"
    );
    // Whoever labels is not kept waiting by that. Failed before: both shared one bound.
    let secret = secret_review("s", json!({})).to_string();
    let labelled = second.post("/mutate?timeout=1s", secret).await.json();
    assert_eq!(
        labelled["response"]["auditAnnotations"],
        Value::Null,
        "{labelled}"
    );
    held.released.add_permits(1);
    assert_eq!(first.await.unwrap().json()["response"]["allowed"], true);
}

#[tokio::test]
async fn warnings_arrive_in_short_pieces() {
    let warn = || Answer {
        warnings: vec!["a warning of many words ".repeat(20)],
        ..Answer::allowed()
    };
    let running = Running::start(both(Always(warn))).await;
    let (_, validate) = answers(&running, "").await;
    let warnings = validate["response"]["warnings"].as_array().unwrap();
    assert!(warnings.len() > 1);
    assert!(warnings.iter().all(|w| w.as_str().unwrap().len() <= 120));
}

/// The answer at a path, which is also that at whatever follows in it.
async fn answer_at(running: &Running, path: &str) -> Value {
    let mut caller = Caller::connect(running).await;
    let mut answers = Vec::new();
    for rest in ["", "/lift-by/oc-label-namespace/acm-backup.dev/guard"] {
        let review = restore_review("uid-v").to_string();
        let reply = caller.post(&format!("{path}{rest}"), review).await;
        assert_eq!(reply.status.as_u16(), 200, "{path}{rest}: {}", reply.text);
        answers.push(reply.json()["response"].clone());
    }
    assert_eq!(answers[0], answers[1], "{path}");
    answers.remove(0)
}

/// What mode `warn` tells, in one text.
fn told(response: &Value) -> String {
    let warnings = response["warnings"].as_array().unwrap().iter();
    let lines: Vec<_> = warnings.map(|line| line.as_str().unwrap()).collect();
    lines.join(" ")
}

#[tokio::test]
async fn what_mode_deny_refuses_mode_warn_lets_pass_in_the_same_words() {
    let refusal =
        "acm-backup: another Restore is active\n  seen:  one\n  rule:  restore/another-active";
    let deny = move || Answer {
        warnings: vec!["beside it".to_owned()],
        ..Answer::denied("restore/another-active", Verdict::forbidden(refusal))
    };
    let running = Running::start(both(Always(deny))).await;
    let refused = answer_at(&running, "/validate/deny").await;
    assert_eq!(refused["allowed"], false);
    assert_eq!(refused["status"]["message"], refusal);
    let passed = answer_at(&running, "/validate/warn").await;
    assert_eq!(passed["allowed"], true);
    assert_eq!(passed.get("status"), None);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told(&passed).contains(&words(refusal)), "{passed}");
    assert!(told(&passed).contains("mode warn"), "{passed}");
    assert!(told(&passed).ends_with("beside it"), "{passed}");
    assert_eq!(passed["auditAnnotations"]["decision"], "would-deny");
    assert_eq!(passed["auditAnnotations"]["rule"], "restore/another-active");
    assert!(running.exported().contains(r#"decision="would-deny""#));
}

#[tokio::test]
async fn mode_warn_lets_pass_what_could_not_be_judged_and_says_so() {
    let running = Running::start(both(Always(|| panic!("the handler's own fault")))).await;
    let passed = answer_at(&running, "/validate/warn").await;
    assert_eq!(passed["allowed"], true);
    assert!(told(&passed).contains("could not judge this"), "{passed}");
}
