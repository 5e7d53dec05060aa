//! What the documents tell an administrator to type, typed as it stands there.

use std::time::Duration;

use acm_backup_bed::{BACKUP_NAMESPACE, Finished, Hub, wait, workspace};
use acm_backup_e2e::{fixtures, install_crds};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;

use crate::support::alone;

const LIMIT: Duration = Duration::from_secs(60);

/// Not typed, with the reason.
const LEFT_OUT: [(&str, &str); 1] = [(
    "rollout status",
    "there is no kubelet here, so no pod ever becomes ready",
)];

/// The kubectl lines of a document's fenced blocks and of its inline code, in order.
fn commands(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(workspace().join(document)).unwrap();
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced || line.starts_with("    ") {
            found.push(line.trim().to_owned());
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found.retain(|line| {
        line.starts_with("kubectl ") && !LEFT_OUT.iter().any(|(part, _)| line.contains(part))
    });
    found
}

/// Types a line at the root of the checkout, as cluster-admin.
fn type_in(hub: &Hub, line: &str) -> Finished {
    let mut command = hub.kubectl_command(&hub.admin_kubeconfig()).unwrap();
    let words = line.split_whitespace().skip(1);
    command
        .current_dir(workspace())
        .args(words)
        .output()
        .unwrap()
        .into()
}

fn create_restore(hub: &Hub) -> Finished {
    let restore = fixtures::restore("take-over", "latest", false).to_string();
    hub.kubectl_with_input(&hub.admin_kubeconfig(), &["create", "-f", "-"], &restore)
        .unwrap()
}

#[test]
fn installing_lifting_and_removing_go_as_written() {
    alone(async {
        let hub = Hub::start("documents").await.unwrap();
        install_crds(&hub).await.unwrap();
        hub.create_namespace(BACKUP_NAMESPACE).await.unwrap();
        let mut typed = 0;
        for line in commands("manifests/README.md") {
            if line.contains("delete validatingwebhookconfiguration ") {
                // As the document says of it: nothing serves the guard here, so it refuses.
                let refused = create_restore(&hub);
                assert!(
                    !refused.succeeded() && refused.to_string().contains("guards.acm-backup.dev"),
                    "{refused}"
                );
            }
            let finished = type_in(&hub, &line);
            assert!(finished.succeeded(), "{line}\n{finished}");
            if line.contains("delete validatingwebhookconfiguration ") {
                let created = create_restore(&hub);
                assert!(
                    created.succeeded(),
                    "the guard is lifted, and yet: {created}"
                );
            }
            typed += 1;
        }
        assert!(typed >= 5, "the document was not read: {typed}");
        let namespaces: Api<Namespace> = Api::all(hub.client().await.unwrap());
        wait::until_gone(&namespaces, "acm-backup-system", LIMIT)
            .await
            .unwrap();
    });
}

#[test]
fn what_the_other_documents_say_is_typed_above() {
    let typed = commands("manifests/README.md");
    let asks: Vec<_> = commands("docs/attestation.md")
        .into_iter()
        .filter(|line| !line.starts_with("kubectl acm-backup "))
        .collect();
    assert!(!asks.is_empty(), "the document was not read");
    assert!(asks.iter().all(|line| typed.contains(line)), "{asks:?}");
}
