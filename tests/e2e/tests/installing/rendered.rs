//! What is rendered, without a hub: everything names one namespace, and what was not brought is missed.

use std::path::{Path, PathBuf};
use std::process::Command;

use acm_backup_bed::parts::{self, Part};
use acm_backup_bed::pki::Authority;
use acm_backup_bed::workspace;
use acm_backup_domain::names;
use serde_json::Value;
use tempfile::TempDir;

use crate::documents::lines;

const OVERLAYS: [&str; 3] = ["openshift", "cert-manager", "own-certificate"];
const PARTS: [&str; 4] = ["workload", "labels", "guards", "deny"];

/// A checkout, with what an administrator puts beside the manifests.
struct Checkout(TempDir);

impl Checkout {
    fn clean() -> Self {
        let checkout = Self(tempfile::tempdir().unwrap());
        let copied = Command::new("cp")
            .arg("-R")
            .arg(workspace().join("manifests"))
            .arg(checkout.path())
            .status();
        assert!(copied.unwrap().success());
        for brought in BROUGHT {
            let _ = std::fs::remove_file(checkout.path().join("manifests").join(brought));
        }
        checkout
    }

    fn brought() -> Self {
        let checkout = Self::clean();
        let manifests = checkout.path().join("manifests");
        let authority = Authority::new("own").unwrap();
        let own = manifests.join("overlays/own-certificate");
        std::fs::write(own.join("ca/ca.crt"), authority.cert()).unwrap();
        let pair = authority.server(&["acm-backup-webhook.acm-backup-system.svc"], &[]);
        pair.unwrap().write(&own.join("workload"), "tls").unwrap();
        std::fs::write(
            manifests.join("workload/image.env"),
            "image=r.test/w@sha256:0\n",
        )
        .unwrap();
        checkout
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// What a folder renders to, or the error.
    fn render(&self, folder: &str) -> Result<Vec<Value>, String> {
        let output = Command::new(kubectl())
            .arg("kustomize")
            .arg(self.path().join(folder))
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(
                serde_saphyr::from_multiple(std::str::from_utf8(&output.stdout).unwrap()).unwrap(),
            ),
            false => Err(String::from_utf8(output.stderr).unwrap()),
        }
    }
}

/// What an administrator puts beside the manifests.
const BROUGHT: [&str; 4] = [
    "workload/image.env",
    "overlays/own-certificate/ca/ca.crt",
    "overlays/own-certificate/workload/tls.crt",
    "overlays/own-certificate/workload/tls.key",
];

fn kubectl() -> PathBuf {
    parts::path(Part::Kubectl).unwrap()
}

/// Every namespace that an object of ours is in, is bound from, is called in, or is asked about.
fn namespaces(object: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut found = Vec::new();
    found.extend(text(&object["metadata"]["namespace"]));
    if object["kind"] == "Namespace" {
        found.extend(text(&object["metadata"]["name"]));
    }
    for subject in object["subjects"].as_array().into_iter().flatten() {
        found.extend(text(&subject["namespace"]));
    }
    for webhook in object["webhooks"].as_array().into_iter().flatten() {
        found.extend(text(&webhook["clientConfig"]["service"]["namespace"]));
        for condition in webhook["matchConditions"].as_array().into_iter().flatten() {
            let expression = condition["expression"].as_str().unwrap();
            for before in ["serviceAccount('", ".namespace('"] {
                let named = expression.split(before).skip(1);
                found.extend(named.map(|rest| rest.split('\'').next().unwrap().to_owned()));
            }
        }
    }
    let annotations = object["metadata"]["annotations"].as_object();
    if let Some(from) = annotations.and_then(|all| all.get("cert-manager.io/inject-ca-from")) {
        found.extend(
            from.as_str()
                .and_then(|from| from.split('/').next())
                .map(str::to_owned),
        );
    }
    found
}

#[test]
fn all_that_is_rendered_names_one_namespace() {
    let checkout = Checkout::brought();
    for overlay in OVERLAYS {
        for part in PARTS {
            let objects = checkout
                .render(&format!("manifests/overlays/{overlay}/{part}"))
                .unwrap();
            let named: Vec<_> = objects.iter().flat_map(namespaces).collect();
            let least = match part {
                "workload" => 8,
                "labels" => 6,
                "guards" => 3,
                // Each entry calls there, and asks by an account there for a right there.
                _ => 7,
            };
            assert!(named.len() >= least, "{overlay}/{part}: {named:?}");
            assert!(
                named.iter().all(|name| name == names::NAMESPACE),
                "{overlay}/{part}: {named:?}"
            );
        }
    }
}

/// kustomize moves what it knows to have a namespace, and no more: the guards would call, and ask about, a place
/// where nothing is. So the webhook does not start there.
#[test]
fn moved_by_kustomize_the_webhook_says_so_and_does_not_start() {
    let checkout = Checkout::brought();
    let moved = |part: &str| {
        let kustomization = format!(
            "namespace: elsewhere\nresources: [../manifests/overlays/own-certificate/{part}]\n"
        );
        let folder = checkout.path().join(format!("moved-{part}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("kustomization.yaml"), kustomization).unwrap();
        checkout.render(&format!("moved-{part}")).unwrap()
    };
    let objects = moved("workload");
    let deployment = objects
        .iter()
        .find(|object| object["kind"] == "Deployment")
        .unwrap();
    assert_eq!(deployment["metadata"]["namespace"], "elsewhere");
    assert!(
        moved("deny")
            .iter()
            .flat_map(namespaces)
            .any(|name| name == names::NAMESPACE)
    );
    // What the pod is told is where it is.
    let environment = &deployment["spec"]["template"]["spec"]["containers"][0]["env"];
    let told = environment
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "POD_NAMESPACE")
        .unwrap();
    assert_eq!(
        told["valueFrom"]["fieldRef"]["fieldPath"],
        "metadata.namespace"
    );
    let refused = Command::new(acm_backup_bed::Program::Webhook.path().unwrap())
        .args(["--tls-certificate=x", "--tls-key=x"])
        .env("POD_NAMESPACE", "elsewhere")
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("in namespace acm-backup-system, and nowhere else"),
        "{told}"
    );
}

#[test]
fn without_the_name_of_an_image_the_workload_does_not_render() {
    let checkout = Checkout::clean();
    for overlay in ["openshift", "cert-manager"] {
        let missed = checkout.render(&format!("manifests/overlays/{overlay}/workload"));
        assert!(
            missed
                .as_ref()
                .is_err_and(|told| told.contains("image.env")),
            "{missed:?}"
        );
        // The other parts name none.
        for part in ["labels", "guards", "deny"] {
            checkout
                .render(&format!("manifests/overlays/{overlay}/{part}"))
                .unwrap();
        }
    }
}

#[test]
fn what_is_brought_can_be_committed_but_for_keys() {
    let checkout = Checkout::brought();
    std::fs::copy(
        workspace().join(".gitignore"),
        checkout.path().join(".gitignore"),
    )
    .unwrap();
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(args)
            .current_dir(checkout.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    let added = git(&["ls-files"]);
    for brought in BROUGHT {
        let file = format!("manifests/{brought}");
        let is_added = added.lines().any(|line| line == file);
        assert_eq!(is_added, !brought.ends_with(".key"), "{file}");
    }
}

#[test]
fn for_another_namespace_of_the_operator_one_line_changes_all_that_names_it() {
    let checkout = Checkout::brought();
    let line = lines("manifests/README.md")
        .into_iter()
        .find(|line| line.contains("sed "))
        .unwrap();
    let typed = Command::new("sh")
        .args(["-c", &line.replace("NAMESPACE", "acm-dr")])
        .current_dir(checkout.path())
        .status();
    assert!(typed.unwrap().success());
    for part in PARTS {
        let objects = checkout
            .render(&format!("manifests/overlays/own-certificate/{part}"))
            .unwrap();
        let text = serde_json::to_string(&objects).unwrap();
        assert!(!text.contains("open-cluster-management-backup"), "{part}");
        for word in match part {
            "workload" => &[
                "--backup-namespace=acm-dr",
                "--operator-user=system:serviceaccount:acm-dr:cluster-backup-chart",
            ][..],
            "guards" => &["'system:serviceaccount:acm-dr:cluster-backup-chart'"],
            "deny" => &[
                "/oc-label-namespace/acm-dr/",
                "'system:serviceaccount:acm-dr:cluster-backup-chart'",
            ],
            _ => &[],
        } {
            assert!(text.contains(word), "{part}: no {word}");
        }
    }
    let check =
        std::fs::read_to_string(checkout.path().join("manifests/check/restore.yaml")).unwrap();
    assert!(check.contains("namespace: acm-dr"), "{check}");
}
