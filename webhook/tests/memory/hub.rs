//! The product's own judges on a hub that answers every look-up with nothing, and takes little memory for it.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

use acm_backup_hub::lease::Leases;
use acm_backup_webhook::admission::endpoint::Endpoints;
use acm_backup_webhook::judge::apart::Apart;
use acm_backup_webhook::judge::guard::Guard;
use acm_backup_webhook::judge::label::Label;
use acm_backup_webhook::judge::slot::Slots;
use acm_backup_webhook::service::metrics::Metrics;
use acm_backup_webhook::watch::backups::Backups;
use acm_backup_webhook::watch::clusters::Clusters;
use acm_backup_webhook::watch::local_cluster::LocalCluster;
use axum::Router;
use axum::body::{Body, Bytes};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;
use tower::ServiceExt;

const NAMESPACE: &str = "open-cluster-management-backup";

pub struct Subject {
    runtime: Runtime,
    router: Router,
}

impl Subject {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = runtime.block_on(async { client() });
        let backups = Arc::new(Backups::default());
        backups.contact.heard(Timestamp::now());
        let apart = Arc::new(Apart::new(backups, NAMESPACE));
        let local_cluster = Arc::new(LocalCluster::default());
        local_cluster.contact.heard(Timestamp::now());
        let guard = Guard {
            attesting_accounts: BTreeSet::new(),
            client: client.clone(),
            slots: Arc::new(Slots {
                client: client.clone(),
                leases: Leases::new(client, "acm-backup-system"),
                bound: SignedDuration::from_secs(70),
                stored: Arc::default(),
                apart: Arc::clone(&apart),
            }),
            apart,
            operator_user: "operator".to_owned(),
        };
        let labeller = Label {
            clusters: Arc::new(Clusters::new(Arc::default())),
            local_cluster,
        };
        let router = Endpoints {
            labeller: Arc::new(labeller),
            guard: Arc::new(guard),
            metrics: Arc::new(Metrics::default()),
            concurrency: 4,
        }
        .router();
        Self { runtime, router }
    }

    /// As it comes from the network, in pieces. The sender's own memory is there before it is counted.
    pub fn request(&self, path: &str, body: Vec<u8>) -> Request<Body> {
        let (length, body) = (body.len(), Bytes::from(body));
        let pieces = (0..length).step_by(16 * 1024).map(move |at| {
            let piece = body.slice(at..length.min(at + 16 * 1024));
            Ok::<_, Infallible>(Frame::data(piece))
        });
        Request::post(path)
            .header("content-type", "application/json")
            .header("content-length", length)
            .body(Body::new(StreamBody::new(futures::stream::iter(pieces))))
            .unwrap()
    }

    pub fn answer(&self, request: Request<Body>) -> u16 {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            response.into_body().collect().await.unwrap();
            status
        })
    }
}

fn client() -> kube::Client {
    let service = tower::service_fn(|request: Request<kube::client::Body>| async move {
        let path = request.uri().path().to_owned();
        // Read and forgotten, as a network does it.
        let mut body = request.into_body();
        while let Some(Ok(_)) = body.frame().await {}
        let (code, text) = if path.contains("subjectaccessreviews") {
            (201, r#"{"status":{"allowed":false}}"#)
        } else if path.contains("/leases") {
            (
                404,
                r#"{"kind":"Status","apiVersion":"v1","code":404,"message":"none","reason":"NotFound"}"#,
            )
        } else {
            (200, r#"{"metadata":{"resourceVersion":"1"},"items":[]}"#)
        };
        let answer = Response::builder()
            .status(code)
            .body(Full::new(Bytes::from(text)));
        Ok::<_, Infallible>(answer.unwrap())
    });
    kube::Client::new(service, "default")
}
