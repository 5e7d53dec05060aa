//! What it costs to look through a large hub: 3,500 clusters, 30,000 Secrets.

use std::convert::Infallible;
use std::sync::Arc;

use acm_backup_domain::labels::referrers::ReferrerKind;
use acm_backup_webhook::reconcile::fights::Fights;
use acm_backup_webhook::reconcile::left_alone::Kept;
use acm_backup_webhook::reconcile::lookout::Lookout;
use acm_backup_webhook::reconcile::metadata::Metadatas;
use acm_backup_webhook::reconcile::queue::Queue;
use acm_backup_webhook::service::metrics::Metrics;
use acm_backup_webhook::watch::follow::Store;
use acm_backup_webhook::watch::referrers::Referrers;
use axum::body::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{ALLOCATOR, ALONE};

const CLUSTERS: usize = 3_500;
const SECRETS: usize = 30_000;
const NAMED: [&str; 4] = ["pull-secret", "install-config", "aws-creds", "ssh-key"];
const OLD: &str = "2026-01-01T00:00:00Z";
const INSTALLED: &str = "2026-11-22T12:00:00Z";
/// Of one Secret's metadata: what was last applied is repeated in it.
const ANNOTATION: usize = 4096;
const PAGE: usize = 500;

fn cluster(number: usize) -> Value {
    let name = format!("cluster-{number:05}");
    let named = |what: &str| json!({"name": format!("{name}-{what}")});
    json!({
        "metadata": {"name": name, "namespace": name, "creationTimestamp": OLD},
        "spec": {
            "pullSecretRef": named(NAMED[0]),
            "provisioning": {
                "installConfigSecretRef": named(NAMED[1]),
                "sshPrivateKeySecretRef": named(NAMED[3]),
            },
            "platform": {"aws": {"credentialsSecretRef": named(NAMED[2])}},
        },
    })
}

/// The first four of each cluster are named by it.
fn secret(number: usize) -> Value {
    let (cluster, what) = (number % CLUSTERS, number / CLUSTERS);
    let namespace = format!("cluster-{cluster:05}");
    let what = NAMED.get(what).copied().unwrap_or("other");
    json!({"metadata": {
        "name": format!("{namespace}-{what}"),
        "namespace": namespace,
        "uid": format!("00000000-0000-4000-8000-{number:012x}"),
        "resourceVersion": "7",
        "creationTimestamp": OLD,
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "x".repeat(ANNOTATION)},
    }})
}

fn page(query: &str) -> Value {
    let next = query.split("continue=").nth(1);
    let begin: usize = next.and_then(|it| it.parse().ok()).unwrap_or(0);
    let end = SECRETS.min(begin + PAGE);
    let next = match end < SECRETS {
        true => end.to_string(),
        false => String::new(),
    };
    let items: Vec<_> = (begin..end).map(secret).collect();
    json!({"metadata": {"resourceVersion": "7", "continue": next}, "items": items})
}

/// An API server that keeps nothing; it tells how large the record is that it was sent.
fn client(stored: watch::Sender<usize>) -> kube::Client {
    let service = tower::service_fn(move |request: Request<kube::client::Body>| {
        let stored = stored.clone();
        async move {
            let (path, query) = (
                request.uri().path().to_owned(),
                request.uri().query().unwrap_or_default().to_owned(),
            );
            let record = json!({"metadata": {"uid": "1", "resourceVersion": "1", "creationTimestamp": INSTALLED}});
            let answer = if query.contains("watch=true") {
                std::future::pending().await
            } else if request.method() == Method::PATCH {
                let body = request.into_body().collect_bytes().await.unwrap();
                stored.send_replace(body.len());
                record
            } else if path.ends_with("/secrets") {
                page(&query)
            } else {
                record
            };
            let body = Full::new(Bytes::from(answer.to_string()));
            Ok::<_, Infallible>(Response::builder().status(200).body(body).unwrap())
        }
    });
    kube::Client::new(service, "default")
}

/// The pages of a list go by; what stays is sixteen bytes of each that is left alone, twice: as it is known and as
/// it is stored.
#[test]
fn a_hub_of_thirty_thousand_secrets_is_looked_through_page_by_page() {
    let _alone = ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (queue, metrics) = (Arc::<Queue>::default(), Arc::<Metrics>::default());
    let referrers = Referrers::new(Arc::clone(&queue));
    let deployments = referrers.followed(ReferrerKind::ClusterDeployment);
    let clusters = (0..CLUSTERS).map(|number| deployments.project(&cluster(number)));
    deployments.replace(clusters.collect());
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let held = runtime.block_on(async {
        let (sent, mut stored) = watch::channel(0);
        let client = client(sent);
        let lookout = Lookout {
            metadata: Metadatas::new(client.clone()),
            referrers,
            local_clusters: Arc::default(),
            queue: Arc::clone(&queue),
            trouble: Arc::default(),
            kept: Arc::new(Kept::new(client, "acm-backup-system", false)),
            fights: Fights::new(Arc::clone(&metrics)),
            metrics,
        };
        let _open = queue.open();
        tokio::select! {
            () = lookout.run(None) => {}
            changed = stored.changed() => changed.unwrap(),
        }
        assert_eq!(lookout.kept.count(), NAMED.len() * CLUSTERS);
        let record = *stored.borrow();
        assert!(record < 1_000_000, "{record}: more than a ConfigMap holds");
        ALLOCATOR.current_usage().saturating_sub(before)
    });
    let peak = ALLOCATOR.peak_usage().saturating_sub(before);
    eprintln!("held {held}, peak {peak}");
    // Both sides of the connection are in this process: a page is there as a tree, as text, and as what is read.
    let pages = 8 * PAGE * ANNOTATION;
    assert!(peak <= pages + 4 * 1024 * 1024, "{peak}");
    assert!(held <= 4 * 1024 * 1024, "{held}");
}
