//! What is shipped, read as the API server reads it, against what keeps a webhook from becoming an outage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use acm_backup_domain::names;
use acm_backup_domain::upstream::object_label;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, RuleWithOperations, ValidatingWebhook,
    ValidatingWebhookConfiguration, WebhookClientConfig,
};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What is applied by itself; each has a kustomization of its own.
const PARTS: [&str; 3] = ["workload", "labels", "guards"];

fn manifests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests")
}

fn documents(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    serde_saphyr::from_multiple(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn one<T: DeserializeOwned>(file: &str, kind: &str) -> T {
    let found = documents(&manifests().join(file))
        .into_iter()
        .find(|object| object["kind"] == kind)
        .unwrap();
    serde_json::from_value(found).unwrap()
}

/// A file that is one document.
pub fn whole(file: &str) -> Value {
    documents(&manifests().join(file)).remove(0)
}

fn mutating() -> MutatingWebhookConfiguration {
    one("labels/mutating.yaml", "MutatingWebhookConfiguration")
}

fn validating() -> ValidatingWebhookConfiguration {
    one("guards/validating.yaml", "ValidatingWebhookConfiguration")
}

fn excludes_our_namespace(selector: Option<LabelSelector>) -> bool {
    selector
        .and_then(|selector| selector.match_expressions)
        .unwrap()
        .iter()
        .any(|e| {
            e.key == "kubernetes.io/metadata.name"
                && e.operator == "NotIn"
                && e.values.as_deref() == Some(&[names::NAMESPACE.to_owned()])
        })
}

fn is_lifted_by_our_label(selector: Option<LabelSelector>) -> bool {
    selector
        .and_then(|selector| selector.match_expressions)
        .unwrap()
        .iter()
        .any(|e| {
            e.key == names::GUARD
                && e.operator == "NotIn"
                && e.values.as_deref() == Some(&[names::GUARD_LIFTED.to_owned()])
        })
}

fn called_at(client: &WebhookClientConfig) -> (String, i32) {
    let service = client.service.as_ref().unwrap();
    assert_eq!(service.namespace, names::NAMESPACE);
    assert_eq!(service.name, "acm-backup-webhook");
    assert_eq!(client.ca_bundle, None, "comes with an overlay");
    (service.path.clone().unwrap(), service.port.unwrap())
}

/// The only sub-resource that reaches us.
const STATUS: [&str; 2] = ["restores/status", "backupschedules/status"];

fn nothing_wild(rules: &[RuleWithOperations]) {
    for rule in rules {
        for list in [
            &rule.api_versions,
            &rule.resources,
            &rule.operations,
            &rule.api_groups,
        ] {
            let list = list.as_ref().unwrap();
            // One status is judged: a Restore is woken by its own.
            let wild = |item: &String| {
                item.contains('*') || (item.contains('/') && !STATUS.contains(&item.as_str()))
            };
            assert!(!list.is_empty() && !list.iter().any(wild));
        }
        assert_eq!(rule.scope.as_deref(), Some("Namespaced"));
        assert!(
            !rule
                .operations
                .as_ref()
                .unwrap()
                .contains(&"DELETE".to_owned())
        );
    }
}

const KEPT: &str = "kept.labels.acm-backup.dev";

/// Both sides of the update are looked at, for all three labels, and no field is read that may not be there. What
/// the conditions come to is tried on a real API server (`tests/e2e/tests/labels.rs`).
fn only_where_a_label_is_lost(webhook: &MutatingWebhook) {
    assert_eq!(webhook.timeout_seconds, Some(1));
    assert_eq!(webhook.object_selector, None);
    let rule = &webhook.rules.as_ref().unwrap()[0];
    assert_eq!(rule.operations.as_deref(), Some(&["UPDATE".to_owned()][..]));
    let conditions = webhook.match_conditions.as_ref().unwrap();
    let of = |name: &str| {
        let condition = conditions.iter().find(|one| one.name == name);
        condition.unwrap().expression.as_str()
    };
    for label in object_label::SELECTING {
        let quoted = format!("'{label}'");
        assert!(of("had-a-label").contains(&quoted) && of("has-none-left").contains(&quoted));
    }
    assert!(of("had-a-label").starts_with("has(oldObject.metadata.labels) && "));
    for name in ["has-none-left", "not-excluded"] {
        assert!(of(name).starts_with("!has(object.metadata.labels) || "));
    }
    assert!(of("not-excluded").contains(object_label::EXCLUDE));
}

#[test]
fn labelling_can_never_refuse_a_secret() {
    let webhooks = mutating().webhooks.unwrap();
    for webhook in &webhooks {
        let name = &webhook.name;
        assert_eq!(webhook.failure_policy.as_deref(), Some("Ignore"), "{name}");
        assert_eq!(webhook.side_effects, "None");
        assert_eq!(webhook.match_policy.as_deref(), Some("Equivalent"));
        assert_eq!(webhook.reinvocation_policy.as_deref(), Some("IfNeeded"));
        assert_eq!(webhook.admission_review_versions, ["v1"]);
        assert!(webhook.timeout_seconds.unwrap() <= 2);
        assert_eq!(
            called_at(&webhook.client_config),
            ("/mutate".to_owned(), 8443)
        );
        assert!(
            excludes_our_namespace(webhook.namespace_selector.clone()),
            "{name}"
        );
        let rules = webhook.rules.as_ref().unwrap();
        nothing_wild(rules);
        assert!(
            rules
                .iter()
                .all(|r| r.resources.as_ref().unwrap() == &["secrets"])
        );
        if name == KEPT {
            continue;
        }
        let selector = webhook
            .object_selector
            .as_ref()
            .unwrap()
            .match_expressions
            .as_ref()
            .unwrap();
        for label in object_label::SELECTING {
            assert!(
                selector
                    .iter()
                    .any(|e| e.key == label && e.operator == "DoesNotExist"),
                "{name} leaves alone what {label} selects"
            );
        }
    }
    let markers = [
        (object_label::AGENT_INSTALL_WATCH, "true"),
        (object_label::METAL3_ENVIRONMENT, "baremetal"),
        (object_label::MANAGED_SERVICE_ACCOUNT, "true"),
    ];
    let (kept, rest) = webhooks.split_last().unwrap();
    assert_eq!(kept.name, KEPT);
    only_where_a_label_is_lost(kept);
    let (narrowed, marked) = rest.split_last().unwrap();
    assert_eq!(marked.len(), markers.len());
    for ((key, value), webhook) in markers.iter().zip(marked) {
        let selector = webhook
            .object_selector
            .as_ref()
            .unwrap()
            .match_expressions
            .as_ref()
            .unwrap();
        assert!(selector.iter().any(|e| e.key == *key
            && e.operator == "In"
            && e.values.as_deref() == Some(&[(*value).to_owned()])));
    }
    assert_eq!(narrowed.timeout_seconds, Some(1));
    let rule = &narrowed.rules.as_ref().unwrap()[0];
    assert_eq!(rule.operations.as_deref(), Some(&["CREATE".to_owned()][..]));
    let conditions = narrowed.match_conditions.as_ref().unwrap();
    assert!(
        conditions
            .iter()
            .all(|c| !c.expression.contains("namespaceObject"))
    );
}

/// One entry of the guard: where it is called, and what is judged in the API server before.
fn guard_on(
    webhook: &ValidatingWebhook,
    resources: &[&str],
    operations: &[&str],
) -> BTreeMap<String, String> {
    // What is installed only warns, and passes when nobody answers; `manifests/deny` arms it.
    assert_eq!(webhook.failure_policy.as_deref(), Some("Ignore"));
    assert_eq!(webhook.side_effects, "NoneOnDryRun");
    assert_eq!(webhook.match_policy.as_deref(), Some("Equivalent"));
    assert_eq!(webhook.timeout_seconds, Some(5));
    assert_eq!(webhook.admission_review_versions, ["v1"]);
    assert_eq!(
        called_at(&webhook.client_config),
        ("/validate/warn".to_owned(), 8443)
    );
    assert!(excludes_our_namespace(webhook.namespace_selector.clone()));
    assert!(is_lifted_by_our_label(webhook.namespace_selector.clone()));
    let rules = webhook.rules.as_ref().unwrap();
    nothing_wild(rules);
    assert_eq!(rules.len(), 1);
    assert_eq!(
        rules[0].api_groups.as_deref(),
        Some(&["cluster.open-cluster-management.io".to_owned()][..])
    );
    assert_eq!(rules[0].resources.as_deref().unwrap(), resources);
    assert_eq!(rules[0].operations.as_deref().unwrap(), operations);
    let conditions: BTreeMap<_, _> = webhook
        .match_conditions
        .as_ref()
        .unwrap()
        .iter()
        .map(|condition| (condition.name.clone(), condition.expression.clone()))
        .collect();
    assert!(conditions["not-the-operator"].contains(&format!("'{}'", names::OPERATOR_USER)));
    assert!(
        conditions
            .values()
            .all(|expression| !expression.contains("namespaceObject"))
    );
    conditions
}

#[test]
fn the_guard_is_on_two_kinds_and_lets_pass_what_must_not_wait() {
    let webhooks = validating().webhooks.unwrap();
    let [objects, status] = webhooks.as_slice() else {
        panic!("{} entries", webhooks.len());
    };
    let conditions = guard_on(
        objects,
        &["restores", "backupschedules"],
        &["CREATE", "UPDATE"],
    );
    assert!(conditions["spec-changes"].contains("object.spec != oldObject.spec"));
    // A user must not be able to set what lets pass.
    assert!(conditions["not-being-deleted"].contains("oldObject.metadata.deletionTimestamp"));
    assert!(!conditions["not-being-deleted"].contains("(object.metadata.deletionTimestamp"));
    // Of all writes of a status, only the one that wakes a Restore, whatever becomes of it, or a BackupSchedule.
    let conditions = guard_on(status, &STATUS, &["UPDATE"]);
    assert_eq!(
        conditions["leaves-its-last-phase"],
        "has(oldObject.status) && has(oldObject.status.phase) && \
         oldObject.status.phase in (request.resource.resource == 'restores' ? \
         ['Finished', 'FinishedWithErrors'] : ['BackupCollision']) && \
         !(has(object.status) && has(object.status.phase) && \
         object.status.phase in (request.resource.resource == 'restores' ? \
         ['Finished', 'FinishedWithErrors'] : ['BackupCollision']))"
    );
}

/// The rules of one part's ClusterRole, bound to the webhook's account.
fn rights(part: &str) -> Vec<PolicyRule> {
    let file = format!("{part}/rbac.yaml");
    let role: ClusterRole = one(&file, "ClusterRole");
    let binding: ClusterRoleBinding = one(&file, "ClusterRoleBinding");
    assert_eq!(Some(&binding.role_ref.name), role.metadata.name.as_ref());
    let subject = binding.subjects.unwrap().remove(0);
    assert_eq!(
        format!(
            "system:serviceaccount:{}:{}",
            subject.namespace.unwrap(),
            subject.name
        ),
        names::SERVICE_ACCOUNT
    );
    role.rules.unwrap()
}

#[test]
fn the_guards_read_what_they_judge_by_and_no_secret() {
    let role: ClusterRole = one("guards/rbac.yaml", "ClusterRole");
    assert_eq!(role.metadata.name.as_deref(), Some(names::CLUSTER_ROLE));
    for rule in rights("guards") {
        let resources = rule.resources.as_ref().unwrap();
        assert!(!resources.contains(&"secrets".to_owned()));
        match resources.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["subjectaccessreviews"] => assert_eq!(rule.verbs, ["create"]),
            _ => assert!(
                rule.verbs
                    .iter()
                    .all(|verb| ["get", "list", "watch"].contains(&verb.as_str())),
                "{resources:?}: {:?}",
                rule.verbs
            ),
        }
    }
}

#[test]
fn the_rights_are_the_least_that_work() {
    let rules: Vec<PolicyRule> = ["labels", "guards"].into_iter().flat_map(rights).collect();
    let writes = [
        "create",
        "update",
        "patch",
        "delete",
        "deletecollection",
        "bind",
        "escalate",
        "impersonate",
    ];
    for rule in &rules {
        let resources = rule.resources.as_ref().unwrap();
        assert!(
            rule.verbs
                .iter()
                .chain(resources)
                .all(|word| !word.contains('*'))
        );
        let written: Vec<_> = rule
            .verbs
            .iter()
            .filter(|v| writes.contains(&v.as_str()))
            .collect();
        match resources.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["secrets"] | ["configmaps"] => assert_eq!(written, ["patch"]),
            ["subjectaccessreviews"] => assert_eq!(rule.verbs, ["create"]),
            _ => assert!(written.is_empty(), "{resources:?}: {written:?}"),
        }
    }
    let own: Role = one("workload/rbac.yaml", "Role");
    let rules = own.rules.unwrap();
    assert_eq!(own.metadata.name.as_deref(), Some(names::ROLE));
    // The slot's Leases are named after the namespaces they guard; nobody else has one in ours.
    assert_eq!(own.metadata.namespace.as_deref(), Some(names::NAMESPACE));
    assert_eq!(rules.len(), 1);
    assert_eq!(
        rules[0].resources.as_deref(),
        Some(&["leases".to_owned()][..])
    );
    assert_eq!(rules[0].verbs, ["get", "create", "patch"]);
}

#[test]
fn whoever_attests_needs_exactly_what_is_asked_for() {
    let role: ClusterRole = one("guards/attester-role.yaml", "ClusterRole");
    let rule = role.rules.unwrap().remove(0);
    let attest = acm_backup_domain::rules::restore::old_hub_live::ATTEST;
    assert_eq!(
        rule.api_groups.as_deref(),
        Some(&[names::GROUP.to_owned()][..])
    );
    assert_eq!(
        rule.resources.as_deref(),
        Some(&[names::GUARD_RULES.to_owned()][..])
    );
    assert_eq!(
        rule.resource_names.as_deref(),
        Some(&[attest.rule.to_owned()][..])
    );
    assert_eq!(rule.verbs, [attest.verb]);
}

#[test]
fn every_file_is_applied_and_everything_stays_out_of_backups() {
    for part in PARTS {
        let folder = manifests().join(part);
        let kustomization = documents(&folder.join("kustomization.yaml")).remove(0);
        let mut listed: Vec<_> = kustomization["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        let mut files: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "kustomization.yaml" && name != "image.env")
            .collect();
        files.sort();
        listed.sort();
        assert_eq!(files, listed);
        let pairs = &kustomization["labels"][0]["pairs"];
        assert_eq!(pairs[object_label::EXCLUDE], "true");
        // Removal: the configurations are found by this label.
        assert_eq!(pairs["app.kubernetes.io/part-of"], "acm-backup");
    }
}

/// Argo CD applies the lower wave first, waits until it is healthy, and prunes the other way round: the armed guards
/// are asked only while somebody answers (tests/e2e/tests/installing).
#[test]
fn the_right_by_which_the_guards_are_asked_comes_after_those_who_answer_and_goes_before_them() {
    const WAVE: &str = "argocd.argoproj.io/sync-wave";
    let wave = |object: &Value| {
        let wave = object["metadata"]["annotations"][WAVE].as_str();
        wave.map_or(0, |wave| wave.parse::<i32>().unwrap())
    };
    let answers = ["deployment", "service", "service-account", "namespace"]
        .map(|file| wave(&whole(&format!("workload/{file}.yaml"))));
    let binding: Value = one("workload/rbac.yaml", "RoleBinding");
    let guards = &whole("guards/kustomization.yaml")["commonAnnotations"][WAVE];
    let guards: i32 = guards.as_str().unwrap().parse().unwrap();
    assert!(answers.into_iter().all(|answers| answers < wave(&binding)));
    assert!(wave(&binding) < guards);
}

/// A replica that never becomes ready does not keep its node from being drained, and one that is ready waits for
/// its turn.
#[test]
fn a_node_can_be_drained_whatever_became_of_its_replica() {
    let budget = &whole("workload/pod-disruption-budget.yaml")["spec"];
    assert_eq!(budget["unhealthyPodEvictionPolicy"], "AlwaysAllow");
    assert_eq!(budget["maxUnavailable"], 1);
    let deployment = &whole("workload/deployment.yaml")["spec"];
    assert_eq!(
        budget["selector"]["matchLabels"],
        deployment["selector"]["matchLabels"]
    );
}

/// An authority that is renewed with another key is trusted before the pods show what it signed.
#[test]
fn the_authority_of_cert_manager_keeps_its_key() {
    let certificates =
        documents(&manifests().join("overlays/cert-manager/workload/certificate.yaml"));
    let authority = certificates
        .iter()
        .find(|object| object["spec"]["isCA"] == true)
        .unwrap();
    assert_eq!(authority["spec"]["privateKey"]["rotationPolicy"], "Never");
}

/// What an administrator reads in the API server's error when nobody answers (manifests/deny).
#[test]
fn the_path_of_the_armed_guard_spells_the_way_out() {
    let component = documents(&manifests().join("deny/kustomization.yaml")).remove(0);
    let patch = component["patches"][0]["patch"].as_str().unwrap();
    let operations: Vec<Value> = serde_saphyr::from_str(patch).unwrap();
    let at = |path: &str| {
        let found: Vec<_> = operations.iter().filter(|o| o["path"] == path).collect();
        assert_eq!(found.len(), 1, "{path}");
        found[0]["value"].clone()
    };
    for entry in 0..validating().webhooks.unwrap().len() {
        let path = at(&format!("/webhooks/{entry}/clientConfig/service/path"));
        let path = path.as_str().unwrap();
        assert!(path.starts_with("/validate/deny/"), "{path}");
        let label = names::GUARD;
        for words in [names::OPERATOR_NAMESPACE, label, names::GUARD_LIFTED] {
            assert!(path.contains(words), "no {words} in {path}");
        }
        // What the API server takes as a segment: a DNS-1123 subdomain.
        for segment in path.split('/').skip(1) {
            assert!(
                segment
                    .split('.')
                    .all(|label| (1..=63).contains(&label.len())
                        && label
                            .bytes()
                            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                        && !label.starts_with('-')
                        && !label.ends_with('-')),
                "{segment}"
            );
        }
        assert_eq!(at(&format!("/webhooks/{entry}/failurePolicy")), "Fail");
        let condition = at(&format!("/webhooks/{entry}/matchConditions/-"));
        let expression = condition["expression"].as_str().unwrap();
        let (namespace, account) = names::SERVICE_ACCOUNT
            .trim_start_matches("system:serviceaccount:")
            .split_once(':')
            .unwrap();
        assert_eq!(condition["name"], names::INSTALLED_CONDITION);
        // An authorizer that fails has not said that it is not installed.
        assert_eq!(
            expression,
            format!(
                "[authorizer.serviceAccount('{namespace}', '{account}') \
                 .group('coordination.k8s.io').resource('leases').namespace('{namespace}') \
                 .check('{}')].exists(answer, answer.allowed() || answer.errored())",
                names::INSTALLED_VERB
            )
        );
        assert!(path.starts_with(names::PATH_DENY));
    }
}
