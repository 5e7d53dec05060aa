//! Labels on secrets that a backup is to select (operator-facts §2.5, §4.2).

use acm_backup_domain::upstream::object_label;
use serde_json::{Value, json};

use super::msa;
use crate::kinds::Kind;
use crate::object::{ObjectName, annotation, label, list, name, namespace, text};
use crate::version::Version;
use crate::world::World;
use crate::write::Write;

const POOL: &str = "clusterpool";

/// Every label the operator would set or take away in this pass.
pub fn label_secrets(world: &World, owner: &Value, version: Version) -> Vec<Write> {
    let mut writes = Vec::new();
    let local = world.local_cluster(version.knows_paused());
    for deployment in world
        .all(Kind::ClusterDeployment)
        .filter(|deployment| namespace(deployment) != local)
    {
        if deployment.pointer("/spec/clusterPoolRef").is_some() {
            writes.extend(named_after(world, deployment));
        }
        if version.labels_deployment_refs() {
            writes.extend(referenced(world, deployment));
        }
    }
    for pool in world
        .all(Kind::ClusterPool)
        .filter(|pool| namespace(pool) != local)
    {
        writes.extend(named_after(world, pool));
    }
    writes.extend(carrying(
        world,
        object_label::AGENT_INSTALL_WATCH,
        "true",
        "agent-install",
    ));
    writes.extend(
        carrying(world, object_label::METAL3_ENVIRONMENT, "baremetal", "baremetal")
            .into_iter()
            .filter(|write| !matches!(write, Write::Patch { at, .. } if at.namespace == "openshift-machine-api")),
    );
    if msa::wanted(owner) && msa::available(world, version) {
        writes.extend(tokens(world));
    }
    writes
}

/// The label is set only where none of the three has a value; an empty value counts as none.
fn is_labelled(object: &Value) -> bool {
    object_label::SELECTING
        .iter()
        .any(|key| label(object, key).is_some_and(|value| !value.is_empty()))
}

fn set(kind: Kind, object: &Value, value: &str) -> Option<Write> {
    (!is_labelled(object)).then(|| {
        Write::patch(
            kind,
            object,
            json!({"metadata": {"labels": {object_label::BACKUP: value}}}),
        )
    })
}

/// Secrets of a pool or a pool's cluster: by the prefix of their name.
fn named_after(world: &World, parent: &Value) -> Vec<Write> {
    let import = format!("{}-import", namespace(parent));
    world
        .within(Kind::Secret, namespace(parent))
        .filter(|secret| {
            name(secret).starts_with(name(parent)) && !name(secret).contains("-bootstrap-")
        })
        .filter_map(|secret| {
            if name(secret) != import {
                return set(Kind::Secret, secret, POOL);
            }
            (label(secret, object_label::BACKUP) == Some(POOL)).then(|| {
                let unset = json!({"metadata": {"labels": {object_label::BACKUP: null}}});
                Write::patch(Kind::Secret, secret, unset)
            })
        })
        .collect()
}

/// What a ClusterDeployment names (main only; never install-config, cloud credentials or SSH key).
fn referenced(world: &World, deployment: &Value) -> Vec<Write> {
    let mut named: Vec<(Kind, &str, &str)> = list(deployment, "/spec/certificateBundles")
        .iter()
        .map(|bundle| {
            (
                Kind::Secret,
                text(bundle, "/certificateSecretRef/name"),
                "certificatebundle",
            )
        })
        .collect();
    for (kind, pointer, value) in [
        (Kind::Secret, "/spec/pullSecretRef/name", "pullsecret"),
        (
            Kind::Secret,
            "/spec/provisioning/manifestsSecretRef/name",
            "manifestssecret",
        ),
        (
            Kind::ConfigMap,
            "/spec/provisioning/manifestsConfigMapRef/name",
            "manifestsconfigmap",
        ),
    ] {
        named.push((kind, text(deployment, pointer), value));
    }
    named
        .into_iter()
        .filter_map(|(kind, name, value)| {
            let object = world.get(kind, &ObjectName::new(namespace(deployment), name))?;
            set(kind, object, value)
        })
        .collect()
}

fn carrying(world: &World, key: &str, wanted: &str, value: &str) -> Vec<Write> {
    world
        .all(Kind::Secret)
        .filter(|secret| label(secret, key) == Some(wanted))
        .filter_map(|secret| set(Kind::Secret, secret, value))
        .collect()
}

/// Token secrets get the label and, from their account's status, the two times auto-import goes by.
fn tokens(world: &World) -> Vec<Write> {
    msa::tokens(world)
        .filter_map(|secret| {
            let mut metadata = json!({});
            if !is_labelled(secret) {
                metadata["labels"] = json!({object_label::BACKUP: "msa"});
            }
            let account = world.get(Kind::ManagedServiceAccount, &ObjectName::of(secret));
            for (key, pointer) in [
                ("expirationTimestamp", "/status/expirationTimestamp"),
                (
                    "lastRefreshTimestamp",
                    "/status/tokenSecretRef/lastRefreshTimestamp",
                ),
            ] {
                let time = account.map_or("", |account| text(account, pointer));
                if !time.is_empty() && annotation(secret, key) != Some(time) {
                    metadata["annotations"][key] = json!(time);
                }
            }
            (metadata != json!({}))
                .then(|| Write::patch(Kind::Secret, secret, json!({"metadata": metadata})))
        })
        .collect()
}
